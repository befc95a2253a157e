// The scripts of package.json run on the pinned Node, also if npm has left it without its link.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const PROJECT = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'link-node-'));
  await mkdir(join(folder, 'scripts'));
  await cp(join(PROJECT, 'scripts/link-node.sh'), join(folder, 'scripts/link-node.sh'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function install(name: string): Promise<void> {
  const bin = join(folder, 'node_modules', name, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'node'), `#!/bin/sh\necho ${name}\n`, { mode: 0o755 });
}
const link = () => run('sh', [join(folder, 'scripts/link-node.sh')]);
const ask = async (): Promise<string> => (await run(join(folder, 'node_modules/.bin/node'))).stdout.trim();

test.each(['node', 'node-arm64'])('%s is linked if it is the one that is there', async (name) => {
  await install(name);
  await link();
  expect(await ask()).toBe(name);
});

test('what npm has linked stays', async () => {
  await install('node');
  await install('node-arm64');
  await mkdir(join(folder, 'node_modules/.bin'));
  await symlink('../node-arm64/bin/node', join(folder, 'node_modules/.bin/node'));
  await link();
  expect(await readlink(join(folder, 'node_modules/.bin/node'))).toBe('../node-arm64/bin/node');
});

test('nothing is made if neither is there', async () => {
  await link();
  await expect(readlink(join(folder, 'node_modules/.bin/node'))).rejects.toThrow('ENOENT');
});

test('npm runs it after an installation, and so does the set-up', async () => {
  const { scripts } = (await import('../../package.json', { with: { type: 'json' } })).default;
  expect(scripts.prepare).toBe('sh scripts/link-node.sh');
});
