import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { makeScratch, type Scratch } from '../../harness/host/scratch.ts';
import { findRun, listRuns } from '../../harness/record/find-run.ts';
import { readRecord } from '../../harness/record/reader.ts';
import { countOutcomes, resultOf } from '../../harness/record/run-view.ts';
import { upgradeEvent } from '../../harness/record/upgrade.ts';
import { openRecord } from '../../harness/record/writer.ts';
import { BEGIN, SAMPLE } from './sample-run.ts';

const V1 = join(import.meta.dirname, 'fixtures', 'v1');

let scratch: Scratch;
let dir: string;
let log: string;
beforeEach(async () => {
  scratch = await makeScratch();
  dir = join(scratch.path, '20260131-120000-quick');
  log = join(dir, 'events.jsonl');
  cpSync(V1, dir, { recursive: true });
});
afterEach(() => scratch.remove());

test('a record of version 1 reads whole', async () => {
  const record = await readRecord(V1);
  expect(record.problems).toEqual([]);
  expect(record.version).toBe(1);
  expect(record.run).toBe('20260131-120000-quick');
  expect(record.state).toBe('finished');
  expect(record.events.map(({ seq: _, ...event }) => event)).toMatchObject(SAMPLE as never[]);
  expect(record.provenance?.qemu.version).toEqual({ value: '7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)' });
  expect(
    record.view.cells.get('new.hpet-on')?.boots.map((boot) => boot.finished?.observation.verdict),
  ).toEqual(['refined', 'never']);
});

test('a cell that was planned and never judged is lost, and says how', async () => {
  const { view } = await readRecord(V1);
  const open = view.cells.get('new.hpet-off');
  expect(open && resultOf(open)).toEqual({
    outcome: 'infra-error',
    reason: 'lost: the run ended while boot 1 of this cell was going on',
    lost: true,
  });
  expect(countOutcomes(view.cells.values())).toEqual({
    expected: 1,
    unexpected: 1,
    flaky: 1,
    skipped: 1,
    'infra-error': 2,
  });
  writeFileSync(log, readFileSync(log, 'utf8').split('\n').slice(0, BEGIN.length).join('\n'));
  const cut = await readRecord(dir);
  expect(cut.state).toBe('incomplete');
  expect([...cut.view.cells.values()].map((cell) => resultOf(cell).reason)).toEqual(
    Array(6).fill('not run: the run ended before this cell was started'),
  );
});

test('wherever the log is torn, the whole events before are kept', async () => {
  const bytes = readFileSync(log);
  const lines = bytes.toString().trimEnd().split('\n');
  const beforeLast = Buffer.byteLength(`${lines.slice(0, -1).join('\n')}\n`);
  for (let end = beforeLast + 1; end < bytes.length - 1; end += 37) {
    writeFileSync(log, bytes.subarray(0, end));
    const record = await readRecord(dir);
    expect(record.events).toHaveLength(lines.length - 1);
    expect(record.problems).toEqual([
      { line: lines.length, text: 'the last line was cut short; it is left out' },
    ]);
    expect(record.state).toBe('incomplete');
  }
});

test('a line lost or damaged in the middle is a problem with its place', async () => {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  lines[3] = '\0\0\0\0';
  lines.splice(9, 1);
  lines[11] = lines[11]?.replace('"wallMs":5200', '"wallMs":"long"') ?? '';
  writeFileSync(log, `${lines.join('\n')}\n`);
  const record = await readRecord(dir);
  expect(record.problems).toEqual([
    { line: 4, text: 'not a whole event' },
    { line: 5, text: 'event 3 should stand here' },
    { line: 10, text: 'event 9 should stand here' },
    { line: 12, text: expect.stringContaining('wallMs') },
  ]);
  expect(record.state).toBe('finished');
});

test('events of an unknown type and unknown keys are kept', async () => {
  const extra = { seq: SAMPLE.length, at: '2026-01-31T12:01:01.000Z', type: 'moon-phase', phase: 'full' };
  appendFileSync(log, `${JSON.stringify(extra)}\n`);
  const record = await readRecord(dir);
  expect(record.unknown).toEqual([extra]);
  expect(record.problems).toEqual([]);
  expect(record.events).toHaveLength(SAMPLE.length);
});

test('what a guest printed cannot end a line of the log', async () => {
  // JSON leaves these as they are; readers of lines take some of them for an end.
  const message = 'one\u2028two\u2029three\u0085four\rfive\u0000six';
  const writer = await openRecord(join(scratch.path, 'r'), 'x');
  for (const event of BEGIN) await writer.append(event);
  await writer.append({ type: 'kernel-failed', kernel: 'old', message });
  await writer.close();
  const record = await readRecord(writer.dir);
  expect(record.problems.filter(({ line }) => line > 0)).toEqual([]);
  expect(record.events.at(-1)).toMatchObject({ message });
});

test('a letter that lies across two reads of the file is whole', async () => {
  const text = 'ü€😀'.repeat(40_000);
  const writer = await openRecord(join(scratch.path, 'r'), 'x');
  for (const event of BEGIN) await writer.append(event);
  await writer.append({ type: 'kernel-failed', kernel: 'old', message: text });
  await writer.close();
  expect((await readRecord(writer.dir)).events.at(-1)).toMatchObject({ message: text });
});

test('a newer version is refused with what to do', async () => {
  writeFileSync(log, readFileSync(log, 'utf8').replace('"version":1', '"version":2'));
  const error = await readRecord(dir).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({
    message: expect.stringContaining('record version 2'),
    hint: expect.stringContaining('newer'),
  });
});

test.each([
  ['', 'holds no run'],
  ['{"type":"run-sta', 'holds no run'],
  ['{"type":"cell-planned"}\n', 'is not the record of a run'],
  ['{"type":"run-started","version":1}\n', 'holds no run'],
  ['[1,2]\n', 'holds no run'],
])('a log that says %j is refused', async (content, message) => {
  writeFileSync(log, content);
  const error = await readRecord(dir).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toContain(message);
});

test('a folder without a log, and a missing provenance', async () => {
  rmSync(join(dir, 'provenance.json'));
  expect((await readRecord(dir)).problems).toEqual([{ line: 0, text: 'there is no provenance.json' }]);
  rmSync(log);
  await expect(readRecord(dir)).rejects.toThrow(/there is no such file/);
});

test('older versions are brought up one step at a time', () => {
  const steps = {
    1: (event: object) => [{ ...event, two: true }],
    2: (event: object) => [{ ...event, three: true }, { type: 'extra' }],
  };
  expect(upgradeEvent({ type: 'a' }, 1, steps, 3)).toEqual([
    { type: 'a', two: true, three: true },
    { type: 'extra' },
  ]);
  expect(upgradeEvent({ type: 'a' }, 3, steps, 3)).toEqual([{ type: 'a' }]);
  expect(() => upgradeEvent({ type: 'a' }, 3, steps, 4)).toThrow('from record version 3 to 4');
});

test('a run whose process was killed with -9 is incomplete; before that it is running', async () => {
  const writer = join(import.meta.dirname, '..', '..', 'harness', 'record', 'writer.ts');
  const sample = join(import.meta.dirname, 'sample-run.ts');
  const script = `
    import { openRecord } from ${JSON.stringify(writer)};
    import { BEGIN } from ${JSON.stringify(sample)};
    const record = await openRecord(${JSON.stringify(scratch.path)}, 'killed');
    for (const event of BEGIN) await record.append(event);
    console.log(record.dir);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [out] = (await once(child.stdout, 'data')) as [Buffer];
  const killed = out.toString().trim();
  expect((await readRecord(killed)).state).toBe('running');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const record = await readRecord(killed);
  expect(record.state).toBe('incomplete');
  expect(record.events).toHaveLength(BEGIN.length);
});

test('a run is found by latest, name, beginning and path', async () => {
  const results = join(scratch.path, 'results');
  await expect(findRun(results, 'latest')).rejects.toThrow('there are no runs');
  const first = await openRecord(results, 'a', new Date('2026-01-01T00:00:00Z'));
  const again = await openRecord(results, 'a', new Date('2026-01-01T00:00:00Z'));
  const second = await openRecord(results, 'b', new Date('2026-02-01T00:00:00Z'));
  for (const writer of [first, again, second]) await writer.close();
  mkdirSync(join(results, 'reference'));
  expect(await listRuns(results)).toEqual([second.run, again.run, first.run]);
  expect(await findRun(results, 'latest')).toBe(second.dir);
  expect(await findRun(results, first.run)).toBe(first.dir);
  expect(await findRun(results, '202602')).toBe(second.dir);
  expect(await findRun('/nowhere', first.dir)).toBe(first.dir);
  await expect(findRun(results, '202601')).rejects.toThrow('could be any of 2 runs');
  await expect(findRun(results, 'zzz')).rejects.toMatchObject({ hint: expect.stringContaining(second.run) });
  await expect(findRun(results, './reference')).rejects.toThrow('is not the folder of a run');
  rmSync(join(results, 'latest'));
  expect(await findRun(results, 'latest')).toBe(second.dir);
});
