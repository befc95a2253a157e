// The log of a run that was cut off, mended and gone on with.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { makeScratch, type Scratch } from '../../harness/host/scratch.ts';
import { readRecord } from '../../harness/record/reader.ts';
import { reopenRecord } from '../../harness/record/reopen.ts';

const V1 = join(import.meta.dirname, '..', 'captures', 'records', 'v1');
const MESSAGE = { type: 'kernel-failed', kernel: 'k', message: 'after the mending' } as const;

let scratch: Scratch;
let dir: string;
let log: string;
let whole: Buffer;
beforeEach(async () => {
  scratch = await makeScratch();
  dir = join(scratch.path, 'run');
  cpSync(V1, dir, { recursive: true });
  log = join(dir, 'events.jsonl');
  whole = readFileSync(log);
});
afterEach(() => scratch.remove());

/** Ends of the lines, as counts of bytes. */
function lineEnds(): number[] {
  return [...whole.entries()].flatMap(([i, byte]) => (byte === 10 ? [i + 1] : []));
}

test('wherever the log was cut, what is whole is kept and the log goes on without a gap', async () => {
  const first = lineEnds()[0] ?? 0;
  for (let cut = first; cut <= whole.length; cut += 97) {
    writeFileSync(log, whole.subarray(0, cut));
    const kept = lineEnds().filter((end) => end <= cut);
    const { record, writer } = await reopenRecord(dir);
    expect(record.events).toHaveLength(kept.length);
    await writer.append(MESSAGE);
    await writer.close();
    const after = await readRecord(dir);
    expect(after.problems).toEqual([]);
    expect(after.events.at(-1)).toMatchObject({ ...MESSAGE, seq: kept.length });
    expect(
      readFileSync(log)
        .subarray(0, kept.at(-1))
        .equals(whole.subarray(0, kept.at(-1))),
    ).toBe(true);
    expect(existsSync(join(dir, 'lock'))).toBe(false);
  }
});

test('what a power cut leaves behind the last fsync is cut off: zeros, and later lines without earlier ones', async () => {
  const lines = whole.toString().trimEnd().split('\n');
  const finished = lines.findLastIndex((line) => line.includes('"cell-finished"'));
  for (const tail of ['\0'.repeat(4096), `${'\0'.repeat(300)}\n${lines.at(-1)}\n`, `{"seq":1}\n`, '\n\n']) {
    writeFileSync(log, `${lines.slice(0, finished + 1).join('\n')}\n${tail}`);
    const { record, writer } = await reopenRecord(dir);
    await writer.close();
    expect(record.events).toHaveLength(finished + 1);
    expect(readFileSync(log, 'utf8')).toBe(`${lines.slice(0, finished + 1).join('\n')}\n`);
  }
});

test('damage before results is refused with its line, and nothing is changed', async () => {
  const lines = whole.toString().trimEnd().split('\n');
  const finished = lines.findIndex((line) => line.includes('"cell-finished"'));
  for (const damage of ['\0\0\0\0', lines[finished - 1]?.slice(0, 40), '{"seq":9999,"type":"x"}']) {
    const text = `${lines.with(finished - 1, damage ?? '').join('\n')}\n`;
    writeFileSync(log, text);
    const error = await reopenRecord(dir).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toContain(`damaged in line ${finished},`);
    expect(readFileSync(log, 'utf8')).toBe(text);
    expect(existsSync(join(dir, 'lock'))).toBe(false);
  }
  writeFileSync(log, whole.toString().replace(/"wallMs":\d+/, '"wallMs":"long"'));
  await expect(reopenRecord(dir)).rejects.toThrow(/damaged in line \d+.*wallMs/);
});

test('a run that a living process writes is refused, one whose process is gone is not', async () => {
  const other = spawn('sleep', ['60']);
  await once(other, 'spawn');
  const stat = readFileSync(`/proc/${other.pid}/stat`, 'latin1');
  const startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  writeFileSync(join(dir, 'lock'), JSON.stringify({ pid: other.pid, startTicks, host: hostname() }));
  const error = await reopenRecord(dir).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toMatch(new RegExp(`written by another process.*${other.pid}`));
  expect(existsSync(join(dir, 'lock'))).toBe(true);
  other.kill('SIGKILL');
  await once(other, 'exit');
  const { writer } = await reopenRecord(dir);
  await writer.close();
  // A lock that a crash of the machine has emptied counts for nothing.
  writeFileSync(join(dir, 'lock'), '');
  await (await reopenRecord(dir)).writer.close();
});

test('of several that want to go on with one run, one does', async () => {
  const all = await Promise.allSettled([1, 2, 3].map(() => reopenRecord(dir)));
  const won = all.filter((one) => one.status === 'fulfilled');
  expect(won).toHaveLength(1);
  for (const one of all)
    if (one.status === 'rejected') expect(one.reason.message).toContain('written by another process');
  await won[0]?.value.writer.close();
});

test('files that were half written are removed', async () => {
  writeFileSync(join(dir, 'provenance.json.part'), '{');
  appendFileSync(log, '{"seq":');
  const { writer } = await reopenRecord(dir);
  await writer.close();
  expect(existsSync(join(dir, 'provenance.json.part'))).toBe(false);
  expect((await readRecord(dir)).problems).toEqual([]);
});

test('a log without a first event is no run', async () => {
  for (const content of ['', '{"type":"run-sta', '\0\0\0']) {
    writeFileSync(log, content);
    await expect(reopenRecord(dir)).rejects.toThrow('holds no run');
    expect(existsSync(join(dir, 'lock'))).toBe(false);
  }
});
