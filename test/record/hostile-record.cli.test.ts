// A record may come from anywhere: it is read as plain files within its folder, and ends somewhere.
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { FILE_BYTES_MAX, readInside } from '../../harness/host/inside.ts';
import { makeScratch, type Scratch } from '../../harness/host/scratch.ts';
import { readBootFile } from '../../harness/lab/files.ts';
import { LOG_BYTES_MAX, linesIn } from '../../harness/record/log.ts';
import { readRecord } from '../../harness/record/reader.ts';
import { applyEvent, newRunView } from '../../harness/record/run-view.ts';
import { finishedBoots } from '../../harness/run/stored.ts';
import { cpuMs } from '../support/cpu.ts';
import { SAMPLE } from './sample-run.ts';

let scratch: Scratch;
let dir: string;
beforeEach(async () => {
  scratch = await makeScratch();
  dir = join(scratch.path, 'run');
  mkdirSync(join(dir, 'cells', 'a', 'boot-1'), { recursive: true });
  writeFileSync(
    join(dir, 'events.jsonl'),
    SAMPLE.map((event, seq) => `${JSON.stringify({ seq, ...event })}\n`).join(''),
  );
  writeFileSync(join(scratch.path, 'secret'), '{"launch":{}}');
});
afterEach(() => scratch.remove());

const boot = (): string => join(dir, 'cells', 'a', 'boot-1');
const readBoot = () => readBootFile(boot(), dir);

test.each<[string, () => void, RegExp]>([
  [
    'a link',
    () => symlinkSync('../../../../secret', join(boot(), 'boot.json')),
    /boot\.json is a symbolic link/,
  ],
  ['a pipe', () => execFileSync('mkfifo', [join(boot(), 'boot.json')]), /boot\.json is no plain file/],
  ['a folder', () => mkdirSync(join(boot(), 'boot.json')), /boot\.json is no plain file/],
  [
    'a linked folder',
    () => {
      renameSync(boot(), join(scratch.path, 'elsewhere'));
      writeFileSync(join(scratch.path, 'elsewhere', 'boot.json'), '{"launch":{}}');
      symlinkSync('../../../elsewhere', boot());
    },
    /boot-1 is a symbolic link/,
  ],
  [
    'too large a file',
    () => {
      writeFileSync(join(boot(), 'boot.json'), '');
      truncateSync(join(boot(), 'boot.json'), FILE_BYTES_MAX + 1);
    },
    /67108865 bytes; 67108864 are read at most/,
  ],
  ['null', () => writeFileSync(join(boot(), 'boot.json'), 'null'), /it does not tell of a boot/],
  ['a number', () => writeFileSync(join(boot(), 'boot.json'), '3'), /it does not tell of a boot/],
  ['an empty object', () => writeFileSync(join(boot(), 'boot.json'), '{}'), /it does not tell of a boot/],
])('boot.json that is %s is the input’s fault', async (_, make, message) => {
  make();
  await expect(readBoot()).rejects.toThrow(UserError);
  await expect(readBoot()).rejects.toThrow(message);
});

test('a folder that leads out of the record is not read', async () => {
  const record = await readRecord(join(import.meta.dirname, '..', 'captures', 'records', 'v1'));
  const view = [...record.view.cells.values()].find(({ boots }) => boots[0]?.finished != null);
  const [boot] = view?.boots ?? [];
  if (view === undefined || boot === undefined || boot.finished === null)
    throw new Error('none has finished');
  const away = { ...view, boots: [{ ...boot, finished: { ...boot.finished, folder: '../..' } }] };
  const [stored] = finishedBoots(record, away);
  if (stored === undefined) throw new Error('it is listed');
  await expect(readBootFile(stored.folder, stored.root)).rejects.toThrow(/lies outside/);
});

test('a log that is a pipe, a link or a device is refused at once', async () => {
  const log = join(dir, 'events.jsonl');
  rmSync(log);
  execFileSync('mkfifo', [log]);
  await expect(readRecord(dir)).rejects.toThrow(/no plain file/);
  rmSync(log);
  symlinkSync('/dev/zero', log);
  await expect(readRecord(dir)).rejects.toThrow(/symbolic link/);
});

test.each(['provenance.json', 'lock'])('a pipe in place of %s does not hold the reader up', async (name) => {
  execFileSync('mkfifo', [join(dir, name)]);
  const record = await readRecord(dir);
  expect(record.run).toBe('20260131-120000-quick');
  if (name !== 'lock') expect(record.problems.at(-1)?.text).toMatch(/provenance\.json.*no plain file/);
});

test('a record that is reached by a link is read', async () => {
  symlinkSync('run', join(scratch.path, 'latest'));
  expect((await readRecord(join(scratch.path, 'latest'))).run).toBe((await readRecord(dir)).run);
  expect((await readInside(join(scratch.path, 'latest'), 'events.jsonl')).length).toBeGreaterThan(0);
});

async function* chunks(size: number, of: number): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < size; sent += of) yield Buffer.alloc(Math.min(of, size - sent), 'x');
}
async function count(lines: AsyncIterable<string>): Promise<number> {
  let sum = 0;
  for await (const line of lines) sum += line.length;
  return sum;
}

test('a line without end is refused, and one of any allowed length takes no more time than its length', async () => {
  await expect(count(linesIn(chunks(17 * 2 ** 20, 65536), 'e'))).rejects.toThrow(
    /e is not read: it has a line of more/,
  );
  const before = process.threadCpuUsage();
  expect(await count(linesIn(chunks(15 * 2 ** 20, 4096), 'e'))).toBe(15 * 2 ** 20);
  const { user } = process.threadCpuUsage(before);
  expect(user / 1000).toBeLessThan(4000);
});

test('a log without end is refused', async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    const chunk = Buffer.from(`${'x'.repeat(65535)}\n`);
    for (;;) yield chunk;
  }
  await expect(count(linesIn(endless(), 'e'))).rejects.toThrow(`more than ${LOG_BYTES_MAX} bytes`);
});

test('many boots and retries of one cell take time by their number', () => {
  const view = newRunView();
  for (const event of SAMPLE) applyEvent(view, event);
  const cell = [...view.cells.keys()][0] ?? '';
  const ending = { kind: 'host-fault', code: 'guest-stalled', detail: '' } as const;
  const at = '2026-01-31T12:00:00.000Z';
  const used = cpuMs(() => {
    for (let i = 0; i < 30_000; i++) {
      applyEvent(view, { type: 'cell-started', cell, boot: 30_001 - i, at } as Parameters<
        typeof applyEvent
      >[1]);
      applyEvent(view, { type: 'cell-retried', cell, boot: 5, at, nonce: '', ending, wallMs: 1, cpuMs: 1 });
    }
  });
  expect(used).toBeLessThan(3000);
  const boots = view.cells.get(cell)?.boots ?? [];
  expect(boots.map(({ boot }) => boot)).toEqual([...boots.keys()].map((i) => i + 1));
  expect(boots[4]?.retried.length).toBeGreaterThan(0);
});
