// A large console is read in a thread: the same evidence, while signals and timers are answered.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Interrupted } from '../../harness/base/errors.ts';
import { gatherAll } from '../../harness/evidence/gather.ts';
import { gatherFrom } from '../../harness/guest/gather.ts';
import { stoppedBy } from '../../harness/host/interruption.ts';
import { isFelt, moduleBeside, workInThread } from '../../harness/host/worker.ts';
import { LAUNCH } from '../verdict/sample-boot.ts';

const FLOOD = Buffer.from('tsc: Fast TSC calibration failed\n'.repeat(200_000));

function folderWith(console: Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'gather-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'console.log'), console);
  return folder;
}

test('the evidence of a thread is that of no thread', async () => {
  expect(isFelt([FLOOD])).toBe(true);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const { evidence } = await gatherFrom(folderWith(FLOOD), LAUNCH);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(5);
  expect(evidence).toEqual(
    gatherAll({ nonce: LAUNCH.nonce, console: FLOOD, appliance: null, exits: null }).evidence,
  );
});

test('so is that of the next large one, and an interruption ends the work', async () => {
  const folder = folderWith(FLOOD);
  expect((await gatherFrom(folder, LAUNCH)).evidence.consoleLines).toBe(200_000);
  const stopped = stoppedBy(AbortSignal.timeout(100), () => work('endless-thread', {}));
  await expect(stopped).rejects.toThrow(Interrupted);
});

test('a small console needs no thread', () => {
  expect(isFelt([Buffer.from('x\n'.repeat(10_000))])).toBe(false);
  expect(isFelt([Buffer.from('\r'.repeat(20_000))])).toBe(true);
  expect(isFelt([Buffer.alloc(2 ** 20 + 1)])).toBe(true);
});

const work = (name: string, limits: object) =>
  workInThread(moduleBeside(import.meta.url, name), null, { what: 'work', ...limits });

test('work without end is ended by its deadline and by its memory', async () => {
  await expect(work('endless-thread', { deadlineMs: 300 })).rejects.toMatchObject({ code: 'too-slow' });
  await expect(work('greedy-thread', { memoryMiB: 64 })).rejects.toMatchObject({ code: 'too-large' });
});
