// A QEMU that never stops talking fills no disk: what it said last is kept.
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { capFile } from '../../harness/guest/qemu-process.ts';

async function someFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tscmatrix-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'qemu-stderr.log');
}

test('a file that grows past twice what is kept is cut to its end, with a note, also while it grows', async () => {
  const path = await someFile();
  await appendFile(path, `${'x'.repeat(2500)}the last\xffwords`, 'latin1');
  const end = capFile(path, 1000);
  // Not only short: it is empty for a moment before the note is written.
  await vi.waitFor(async () => expect(await readFile(path, 'latin1')).toMatch(/^\[cut: .*words\n$/s));
  await appendFile(path, 'more');
  await end();
  const text = await readFile(path, 'latin1');
  expect(text).toMatch(/^\[cut: 2514 bytes, of which these are the last\]\nx{986}the last\xffwords\nmore$/);
});

test('one that stays below it is left alone', async () => {
  const path = await someFile();
  await appendFile(path, 'x'.repeat(2000));
  await capFile(path, 1000)();
  expect(await readFile(path, 'latin1')).toBe('x'.repeat(2000));
});
