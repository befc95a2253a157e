// The package as a user gets it: packed, installed into an empty folder by the distribution's npm, and nothing of the checkout.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const PROJECT = join(import.meta.dirname, '..', '..');
const LOG = '[    0.000000] tsc: Detected 3000.000 MHz processor\n';

let folder: string;
const home = () => join(folder, 'home');
const installed = () => join(home(), 'node_modules', 'tscmatrix');

/** The system's Node and npm, not those that run the tests. */
const systemPath = (process.env.PATH ?? '')
  .split(':')
  .filter((part) => !part.includes('node_modules'))
  .join(':');

async function run(
  program: string,
  args: readonly string[],
  { path = systemPath, cwd = home() } = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^npm_|^NODE/i.test(key)));
  const options = { cwd, env: { ...env, PATH: path, NODE_COMPILE_CACHE: join(folder, 'code') } };
  return promisify(execFile)(program, [...args], options).then(
    (streams) => ({ code: 0, ...streams }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'package-test-')));
  await mkdir(home());
  const packed = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: PROJECT });
  expect(packed.code, packed.stderr).toBe(0);
  const [, name = ''] = /"filename": "([^"]+)"/.exec(packed.stdout) ?? [];
  await writeFile(join(home(), 'log'), LOG);
  // No package of it may need an install script: npm asks before it runs any, or runs none.
  const quiet = ['--prefix', '.', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  const added = await run('npm', ['install', ...quiet, join(folder, name)]);
  expect(added.code, added.stderr).toBe(0);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a log is diagnosed on the Node that came along, and a page is written without a bundler', async () => {
  const diagnosed = await run('npx', ['tscmatrix', 'diagnose', 'log', '--html', 'page.html']);
  expect(diagnosed.code, diagnosed.stderr).toBe(0);
  expect(diagnosed.stdout).toContain('registration');
  const page = await readFile(join(home(), 'page.html'), 'utf8');
  expect(page).toMatch(/<style>[^<]{2000}/);
  expect(page).toMatch(/<script>[\s\S]{5000}/);
  expect(await run('ls', ['node_modules/esbuild'])).not.toMatchObject({ code: 0 });
});

test('its own matrices, images and schema are there', async () => {
  const planned = await run('npx', ['tscmatrix', 'plan', join(installed(), 'matrices', 'seed.yaml')]);
  expect(planned.code, planned.stderr).toBe(0);
  expect(planned.stdout.split('\n').length).toBeGreaterThan(20);
  for (const name of ['LICENSE', 'images/probe/probe.c', 'schema/matrix.schema.json', 'docs/commands.md'])
    expect((await readFile(join(installed(), name))).length, name).toBeGreaterThan(0);
});

test('without a Node that is new enough, the message says how to get one, and nothing of a checkout', async () => {
  // Elsewhere, so that no Node stands beside it; PATH has what the launcher itself needs, and an old Node or none.
  const alone = join(folder, 'alone');
  await cp(installed(), join(alone, 'tscmatrix'), { recursive: true });
  const tools = join(folder, 'tools');
  await mkdir(tools);
  for (const tool of ['sh', 'dirname', 'readlink', 'find', 'mkdir'])
    await symlink(await which(tool), join(tools, tool));
  const ran = await run(join(alone, 'tscmatrix', 'tscmatrix'), ['--version'], { path: tools });
  expect(ran.code).toBe(69);
  expect(ran.stderr).toMatch(/no Node 24 or newer/);
  expect(ran.stderr).toContain('--omit=optional');
  expect(ran.stderr).not.toMatch(/npm ci|npm start|checkout/);
});

async function which(tool: string): Promise<string> {
  return (await run('/bin/sh', ['-c', `command -v ${tool}`])).stdout.trim();
}
