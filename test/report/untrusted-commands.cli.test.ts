// What a file or a record from elsewhere says, by way of each command.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeScratch, type Scratch } from '../../harness/host/scratch.ts';
import { ACTING, ATTACKS, ENEMY, FORGED, spoiled } from './hostile.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.remove());

const CLI = join(import.meta.dirname, '..', '..', 'harness', 'cli', 'main.ts');
function tscmatrix(...args: string[]) {
  return spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8', cwd: scratch.path });
}

describe('commands', () => {
  const enemy = ATTACKS.slice(0, 7).join(' ').replaceAll('\0', '');
  test.each([
    ['a log', ['diagnose', 'log']],
    ['a log, as JSON', ['diagnose', 'log', '--json']],
    ['a matrix', ['plan', 'matrix.yaml']],
    ['a file’s name', ['diagnose', `no such ${enemy}`]],
    ['an option', ['report', '--results', 'r', enemy]],
    ['a reporter', ['report', '--reporter', enemy]],
    ['a record', ['report', join('results', 'run'), '--reporter', 'table']],
    ['a record, rejudged', ['rejudge', join('results', 'run')]],
    ['a comparison', ['compare', join('results', 'run'), join('results', 'run'), '--all']],
    ['a history', ['history']],
    ['a blob that is none', ['merge', 'log']],
  ])('%s', (_, args) => {
    writeFileSync(
      join(scratch.path, 'log'),
      Buffer.concat([Buffer.from([0xff, 0]), Buffer.from(`tsc: Marking TSC unstable due to ${ENEMY}\n`)]),
    );
    writeFileSync(
      join(scratch.path, 'matrix.yaml'),
      `version: 1\nkernels: { ${JSON.stringify(ENEMY)}: 1 }\n${JSON.stringify(ENEMY)}: x\n`,
    );
    const run = join(scratch.path, 'results', 'run');
    mkdirSync(run, { recursive: true });
    const log = spoiled(ENEMY).map((event) => JSON.stringify(event));
    writeFileSync(
      join(run, 'events.jsonl'),
      `${log.slice(0, 5).join('\n')}\n{"torn": "${enemy}\n${log.slice(5).join('\n')}\n`,
    );
    const { stdout, stderr, status } = tscmatrix(...args);
    const said = stdout + stderr;
    expect(JSON.stringify(ACTING.exec(said.replaceAll('\t', '')))).toBe('null');
    expect(said).not.toMatch(FORGED);
    expect(said.length).toBeGreaterThan(20);
    // Something was said, and nothing of it was "a defect of tscmatrix".
    expect([0, 1, 2]).toContain(status);
  });
});

test('the raw bytes of a console stay as they are', () => {
  // What a guest wrote is kept beside what is shown: only showing it changes it.
  const raw = Buffer.from([0x00, 0xff, 0x1b, 0x5b, 0x32, 0x4a, 0x0a]);
  const path = join(scratch.path, 'console.log');
  writeFileSync(path, raw);
  expect(tscmatrix('diagnose', path).stdout).not.toMatch(ACTING);
  expect(readFileSync(path)).toEqual(raw);
});
