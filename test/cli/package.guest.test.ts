/**
 * The package as a user gets it: packed, installed into an empty folder by the distribution's npm, and nothing of the checkout. The tutorial
 * is followed there, command by command: a diagnosis with two, a table with no more than five.
 */
import { execFile } from 'node:child_process';
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { CACHE } from './tscmatrix.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 });

const PROJECT = join(import.meta.dirname, '..', '..');

interface Step {
  readonly command: string;
  /** Lines that the page shows of its output. */
  readonly shown: readonly string[];
}

/** Commands of docs/tutorial.md in their order, and the log that its reader saves. */
async function tutorial(): Promise<{ readonly log: string; readonly steps: readonly Step[] }> {
  const page = await readFile(join(PROJECT, 'docs', 'tutorial.md'), 'utf8');
  const steps: { command: string; shown: string[] }[] = [];
  let log = '';
  for (const [, kind, text = ''] of page.matchAll(/^```([a-z]+)\n(.*?)^```/gms)) {
    if (kind === 'log') log += text;
    for (const line of text.trim().split('\n')) {
      if (kind === 'sh') steps.push({ command: line, shown: [] });
      if (kind === 'text') steps.at(-1)?.shown.push(line);
    }
  }
  return { log, steps };
}

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
  const own = {
    PATH: path,
    TMPDIR: folder,
    TSCMATRIX_CACHE: CACHE,
    NODE_COMPILE_CACHE: join(folder, 'code'),
    npm_config_ignore_scripts: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_prefer_offline: 'true',
  };
  const options = { cwd, env: { ...env, ...own }, maxBuffer: 1 << 24 };
  return promisify(execFile)(program, [...args], options).then(
    (streams) => ({ code: 0, ...streams }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

/** As a user types it. No package may need an install script of npm's; what apt would install is asked, and nothing is installed. */
const follow = (command: string) =>
  run('/bin/sh', [
    '-c',
    command.replace(/^sudo apt-get install -y/, 'apt-get install --simulate --no-upgrade'),
  ]);

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'package-test-')));
  await mkdir(home());
  // The one script that is wanted: it makes what is packed.
  const pack = ['pack', '--ignore-scripts=false', '--json', '--pack-destination', folder];
  const packed = await run('npm', pack, { cwd: PROJECT });
  expect(packed.code, packed.stderr).toBe(0);
  const [, name = ''] = /"filename": "([^"]+)"/.exec(packed.stdout) ?? [];
  await rename(join(folder, name), join(home(), name));
  const { log, steps } = await tutorial();
  await writeFile(join(home(), 'guest.log'), log);
  const added = await follow(steps[0]?.command ?? '');
  expect(added.code, added.stderr).toBe(0);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the tutorial: two commands to a diagnosis, at most five to a table, and each does what the page shows', async () => {
  const { steps } = await tutorial();
  const verbs = steps.map(({ command }) => /npx tscmatrix ([a-z]+)/.exec(command)?.[1] ?? 'install');
  expect(verbs.filter((verb) => verb !== 'install')).toEqual([
    'diagnose',
    'run',
    'boot',
    'bisect',
    'validate',
  ]);
  expect(verbs.indexOf('diagnose')).toBeLessThanOrEqual(1);
  expect(verbs.indexOf('run')).toBeLessThanOrEqual(4);
  for (const { command, shown } of steps.slice(1)) {
    const ran = await follow(command);
    expect(ran.code, `${command}\n${ran.stdout}${ran.stderr}`).toBe(command.includes(' validate ') ? 1 : 0);
    for (const line of shown)
      expect(ran.stdout.replaceAll(/\s+/g, ' ')).toContain(line.replaceAll(/\s+/g, ' '));
  }
});

test('the report of the tutorial’s bisect cites the line that each answer rests on', async () => {
  const searches = join(home(), 'results', 'bisect');
  const [name = ''] = (await readdir(searches)).filter((one) => one.endsWith('-kernels'));
  const { steps } = JSON.parse(await readFile(join(searches, name, 'report.json'), 'utf8'));
  expect(steps).toHaveLength(2);
  for (const { verdict, place, evidence } of steps) {
    const [{ line, text }] = evidence;
    const log = await readFile(join(place, 'console.log'), 'utf8');
    const MESSAGE = 'posixtimers hash table entries';
    expect([log.includes(MESSAGE), line > 0, text.includes(MESSAGE)]).toEqual(
      Array(3).fill(verdict === 'fixed'),
    );
  }
});

test('a log is diagnosed on the Node that came along, and a page is written without a bundler', async () => {
  const diagnosed = await run('npx', ['tscmatrix', 'diagnose', 'guest.log', '--html', 'page.html']);
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
