import { chmodSync, cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { makeScratch, type Scratch } from '../../harness/host/scratch.ts';
import { readRecord } from '../../harness/record/reader.ts';
import { multiplex } from '../../harness/report/multiplexer.ts';
import { makeReporters } from '../../harness/report/registry.ts';
import { reportRecord } from '../../harness/report/replay.ts';
import { REPORTER_NAMES } from '../../harness/report/reporters.ts';
import { SAMPLE } from '../record/sample-run.ts';
import { MemoryStream } from './streams.ts';

const V1 = join(import.meta.dirname, '..', 'record', 'fixtures', 'v1');

let scratch: Scratch;
let out: { stdout: MemoryStream; stderr: MemoryStream; env: Record<string, string> };
beforeEach(async () => {
  scratch = await makeScratch();
  out = { stdout: new MemoryStream(), stderr: new MemoryStream(), env: { LANG: 'C' } };
});
afterEach(() => scratch.remove());

const namesOf = (specs: string[], more = {}) =>
  makeReporters(specs, { ...out, ...more }).map((reporter) => reporter.name);

test('without a word: lines or live on stderr, the table on stdout', async () => {
  expect(namesOf([])).toEqual(['lines', 'table']);
  const stderr = new MemoryStream(true);
  const reporters = makeReporters([], { ...out, stderr });
  expect(reporters.map((reporter) => reporter.name)).toEqual(['live', 'table']);
  for (const reporter of reporters) await reporter.close?.();
  expect(namesOf([], { stderr: new MemoryStream(true), env: { TERM: 'dumb' } })).toEqual(['lines', 'table']);
});

test('what is asked for takes the place of the default on its own stream', () => {
  const file = join(scratch.path, 'out');
  expect(namesOf(['tap'])).toEqual(['lines', 'tap']);
  expect(namesOf([`junit=${file}`])).toEqual(['lines', 'junit', 'table']);
  expect(namesOf(['none'])).toEqual([]);
  expect(namesOf(['none', 'markdown'])).toEqual(['markdown']);
  expect(namesOf(['lines'])).toEqual(['lines', 'table']);
  expect(namesOf([], { json: true })).toEqual(['lines', 'json']);
  expect(namesOf([], { progress: false })).toEqual(['table']);
});

test.each([
  [['tabel'], 'there is no reporter "tabel"'],
  [[''], 'there is no reporter ""'],
  [['toString'], 'there is no reporter "toString"'],
  [['junit='], 'names no file'],
  [['live=x'], 'writes no file'],
  [['tap', 'markdown'], 'tap and markdown cannot both be written to stdout'],
  [['live', 'lines'], 'live and lines cannot both be shown'],
  [['tap=/nowhere/at/all'], 'cannot write /nowhere/at/all: ENOENT'],
  [['tap=/'], 'cannot write /: EISDIR'],
  [['tap=x', 'junit=x'], 'two reporters would write x'],
])('%j is the user’s error', (specs, message) => {
  let error: unknown;
  try {
    makeReporters(specs, out);
  } catch (e) {
    error = e;
  }
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toContain(message);
  expect((error as UserError).hint).toBeTruthy();
});

test('an unknown name is answered with the list, --json with what it collides with', () => {
  expect(() => makeReporters(['x'], out)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining(REPORTER_NAMES.join(', ')) }),
  );
  expect(() => makeReporters(['tap'], { ...out, json: true })).toThrow('tap and json');
});

test('asking for a file changes nothing until there is a report', () => {
  const old = join(scratch.path, 'old');
  writeFileSync(old, 'yesterday');
  makeReporters([`tap=${old}`, `junit=${join(scratch.path, 'new')}`], out);
  expect(readFileSync(old, 'utf8')).toBe('yesterday');
  expect(existsSync(join(scratch.path, 'new'))).toBe(false);
});

test('a stored record gives every report, and the run’s own folder is enough', async () => {
  const file = (name: string) => join(scratch.path, name);
  const specs = ['markdown', 'junit', 'tap', 'json', 'lines', 'table'].map((name) => `${name}=${file(name)}`);
  expect(await reportRecord(await readRecord(V1), specs, out)).toEqual([]);
  const begins = {
    markdown: '## tscmatrix quick',
    junit: '<?xml version=',
    tap: 'TAP version 14\n',
    json: '{\n  "version": 1,',
    lines: '[    5.0 s] matrix quick: 6 cells, 3 kernels',
    table: 'tscmatrix quick\n',
  };
  for (const [name, begin] of Object.entries(begins)) {
    const text = readFileSync(file(name), 'utf8');
    expect(text.slice(0, begin.length)).toBe(begin);
  }
  expect(readFileSync(file('lines'), 'utf8').trimEnd().split('\n').length).toBeGreaterThan(15);
  expect(out.stdout.text).toBe(readFileSync(file('table'), 'utf8'));
  expect(out.stderr.text).toBe('');
});

test('colour comes with a terminal alone, and not against NO_COLOR', async () => {
  const record = await readRecord(V1);
  const render = async (isTty: boolean, env: Record<string, string>) => {
    const stdout = new MemoryStream(isTty, 150);
    await reportRecord(record, [], { ...out, stdout, env });
    return stdout.text;
  };
  for (const [isTty, env, coloured] of [
    [true, { TERM: 'xterm' }, true],
    [true, { TERM: 'xterm', NO_COLOR: '' }, true],
    [true, { TERM: 'xterm', NO_COLOR: '1' }, false],
    [true, { TERM: 'dumb' }, false],
    [false, { TERM: 'xterm' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { TERM: 'xterm', FORCE_COLOR: '0' }, false],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ] as const)
    expect((await render(isTty, env)).includes('\u001b['), JSON.stringify([isTty, env])).toBe(coloured);
  expect(await render(false, { LANG: 'en_GB.UTF-8' })).toContain('┌');
  expect(await render(false, { LANG: 'en_GB.UTF-8', LC_ALL: 'C' })).toContain('+---');
});

test('what is wrong with a record is told on stderr', async () => {
  const dir = join(scratch.path, 'run');
  cpSync(V1, dir, { recursive: true });
  chmodSync(dir, 0o755);
  writeFileSync(join(dir, 'events.jsonl'), readFileSync(join(V1, 'events.jsonl')).subarray(0, -9));
  await reportRecord(await readRecord(dir), [], out);
  expect(out.stderr.text).toContain('the last line was cut short');
  expect(out.stdout.text).toContain('INCOMPLETE');
});

test('a reporter that throws is told of once and cannot harm the others', async () => {
  let seen = 0;
  let closed = 0;
  const all = multiplex(
    [
      {
        name: 'bad',
        event: () => {
          throw new Error('broken\u001b[2J');
        },
        close: () => {
          closed++;
          throw new Error('again');
        },
      },
      { name: 'late', event: () => {}, close: () => Promise.reject(new Error('no space')) },
      {
        event: () => {
          seen++;
        },
        close: () => {
          closed++;
        },
      },
    ],
    out.stderr,
  );
  for (const event of SAMPLE) all.event(event);
  all.progress({ type: 'kernel-progress', kernel: 'k', text: '' });
  await all.close();
  expect(seen).toBe(SAMPLE.length);
  expect(closed).toBe(2);
  expect(out.stderr.text).toBe(
    'tscmatrix: the reporter bad failed: broken\ntscmatrix: the reporter late failed: no space\n',
  );
  expect(all.failures()).toEqual(['the reporter bad failed: broken', 'the reporter late failed: no space']);
});
