// A host that others use too: their files are theirs, and nothing of ours is theirs to write.
import { execFile } from 'node:child_process';
import { chmod, chown, lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LAUNCHER, openWorkshop, type Ran, type Workshop } from '../cli/tscmatrix.ts';

const isRoot = process.getuid?.() === 0;
const SOMEBODY = 12_345;

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
  await shop.file('m.yaml', 'version: 1\nkernels: { it: { image: none } }\n');
});
afterAll(() => shop.remove());

function expectHostFault(ran: Ran, word: RegExp): void {
  expect(ran.stderr).toMatch(word);
  expect(ran.stderr).toContain('hint: ');
  expect(ran.stderr).not.toContain('defect');
  expect(ran.code).toBe(69);
}

/** The launcher under another shell setting. */
function runUnder(
  setting: string,
  args: string,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Ran> {
  const script = `${setting}; exec ${LAUNCHER} ${args}`;
  const options = { cwd: shop.folder, env: { ...process.env, TMPDIR: shop.temp, ...env } };
  return new Promise((resolve) => {
    execFile('sh', ['-c', script], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), signal: null, stdout, stderr }),
    );
  });
}

async function allBelow(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return [folder, ...names.map((name) => join(folder, name))];
}

test('whatever the umask is, nobody else may write to the cache', async () => {
  const cache = join(shop.folder, 'umask-cache');
  const ran = await runUnder('umask 000', 'kernels', { TSCMATRIX_CACHE: cache });
  expect(ran.code, ran.stderr).toBe(0);
  expect((await lstat(cache)).mode & 0o777).toBe(0o700);
  for (const path of await allBelow(cache)) expect((await lstat(path)).mode & 0o022, path).toBe(0);
});

test('nor to a record', async () => {
  const ran = await runUnder('umask 000', 'run m.yaml --results umask-results');
  expect(ran.code, ran.stderr).toBe(2);
  const made = await allBelow(join(shop.folder, 'umask-results'));
  expect(made.some((path) => path.endsWith('events.jsonl'))).toBe(true);
  for (const path of made) {
    const found = await lstat(path);
    if (!found.isSymbolicLink()) expect(found.mode & 0o022, path).toBe(0);
  }
});

test('a cache that everybody may write to is refused; one that the group may write to is closed to it', async () => {
  const cache = join(shop.folder, 'open-cache');
  await mkdir(cache);
  await chmod(cache, 0o777);
  expectHostFault(
    await shop.run(['kernels'], { env: { TSCMATRIX_CACHE: cache } }),
    /everybody may write to it/,
  );
  await chmod(cache, 0o775);
  expect((await shop.run(['kernels'], { env: { TSCMATRIX_CACHE: cache } })).code).toBe(0);
  expect((await lstat(cache)).mode & 0o777).toBe(0o755);
});

test.runIf(isRoot)('a cache of another user is refused', async () => {
  const cache = join(shop.folder, 'their-cache');
  await mkdir(cache);
  await chown(cache, SOMEBODY, SOMEBODY);
  const ran = await shop.run(['kernels'], { env: { TSCMATRIX_CACHE: cache } });
  expectHostFault(ran, /belongs to the user with the id 12345/);
});

test.runIf(isRoot)('temporary files of another user are left alone, and are no obstacle', async () => {
  const theirs = join(shop.temp, 'tscmatrix-99999999-abcdef');
  await mkdir(theirs);
  await chown(theirs, SOMEBODY, SOMEBODY);
  const own = join(shop.temp, 'tscmatrix-99999998-abcdef');
  await mkdir(own);
  const ran = await shop.run(['run', 'm.yaml', '--results', 'res']);
  expect(ran.code, ran.stderr).toBe(2);
  expect(await shop.leftovers()).toEqual(['tscmatrix-99999999-abcdef']);
  await rm(theirs, { recursive: true });
});

test('without a home there is no cache of compiled code, and one that others may write to is not used', async () => {
  const trace = async (env: Readonly<Record<string, string | undefined>>) =>
    (await runUnder('set -e', '--version', env)).code;
  const planted = join(shop.folder, 'home', '.cache', 'tscmatrix', 'code');
  await mkdir(planted, { recursive: true });
  await chmod(planted, 0o777);
  const home = { HOME: join(shop.folder, 'home'), XDG_CACHE_HOME: undefined, NODE_COMPILE_CACHE: undefined };
  expect(await trace(home)).toBe(0);
  expect(await readdir(planted)).toEqual([]);
  await chmod(planted, 0o700);
  expect(await trace(home)).toBe(0);
  expect(await readdir(planted)).not.toEqual([]);
  // As the launcher's text has it, no folder that anybody can make is named.
  const launcher = await readFile(join(import.meta.dirname, '..', '..', 'tscmatrix'), 'utf8');
  expect(launcher).not.toContain('/tmp');
});

test('no folder for temporary files', async () => {
  const ran = await shop.run(['run', 'm.yaml', '--results', 'res'], { env: { TMPDIR: '/nowhere/at/all' } });
  expectHostFault(ran, /no temporary files can be made in \/nowhere\/at\/all/);
});

test('too few files: the limit is raised where it can be, and else it is said', async () => {
  expect((await runUnder('ulimit -S -n 20', '--version')).code).toBe(0);
  expectHostFault(await runUnder('ulimit -n 20', '--version'), /only 20 files may be open at once/);
});

test('a file in the place of the cache', async () => {
  await writeFile(join(shop.folder, 'a-file'), '');
  const ran = await shop.run(['kernels'], { env: { TSCMATRIX_CACHE: join(shop.folder, 'a-file') } });
  expectHostFault(ran, /cannot use the cache/);
});
