// What nobody has caught is told, with an exit code that is no answer about a kernel.
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LAUNCHER } from './tscmatrix.ts';

const CONSOLE = join(import.meta.dirname, '..', 'captures', 'eras', 'v6.1-skew.txt');

test('a full device in place of standard output: 69', () => {
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(LAUNCHER, ['diagnose', CONSOLE], { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  expect(String(stderr)).toMatch(/^tscmatrix: the output cannot be written: .*ENOSPC|no space/);
  expect(status).toBe(69);
});

test('standard error that is closed or full changes no exit code', () => {
  const run = (redirect: string, args: string) =>
    spawnSync('sh', ['-c', `exec "$0" ${args} ${redirect}`, LAUNCHER], { stdio: 'ignore' }).status;
  for (const redirect of ['2>&-', '2>/dev/full', '2>&1 1>/dev/null | true'])
    expect(run(redirect, `diagnose ${CONSOLE}`)).toBe(0);
  expect(run('2>/dev/full', 'diagnose /nowhere')).toBe(2);
  expect(run('2>&-', 'diagnose /nowhere')).toBe(2);
});

const FAILING = `
import { catchTheRest } from ${JSON.stringify(join(import.meta.dirname, '..', '..', 'harness', 'cli', 'last-resort.ts'))};
import { gitExitCode } from ${JSON.stringify(join(import.meta.dirname, '..', '..', 'harness', 'cli', 'git.ts'))};
catchTheRest({ signal: new AbortController().signal, toGitCode: process.argv[1] === 'git' ? gitExitCode : null });
`;
const node = (code: string, ...args: string[]) =>
  spawnSync(process.execPath, ['--input-type=module-typescript', '-e', FAILING + code, ...args], {
    encoding: 'utf8',
  });

test.each([
  [
    'an error in a callback',
    'setTimeout(() => { throw new Error("oh") });',
    70,
    /a defect of tscmatrix: Error: oh/,
  ],
  [
    'a promise that nobody waits for',
    'void Promise.reject(new Error("oh"));',
    70,
    /a defect of tscmatrix: Error: oh/,
  ],
  [
    'a limit of the host',
    'setTimeout(() => { throw Object.assign(new Error("x"), { code: "EMFILE" }) });',
    69,
    /ulimit -n/,
  ],
])('%s', (_, code, status, words) => {
  const ended = node(code);
  expect(ended.stderr).toMatch(words);
  expect(ended.status).toBe(status);
});

test('git bisect run takes it for no answer', () => {
  expect(node('setTimeout(() => { throw new Error("oh") });', 'git').status).toBe(198);
});
