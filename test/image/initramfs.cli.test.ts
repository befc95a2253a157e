/** The initramfs: the same bytes each time, and an archive that other tools read. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { type Entry, packInitramfs } from '../../harness/image/cpio.ts';
import { buildProbeImage, SKELETON } from '../../harness/image/probe-image.ts';
import { testFolder } from '../support/faulty-guest.ts';

const run = promisify(execFile);
const ENTRIES: readonly Entry[] = [
  ...SKELETON,
  { path: 'bin/a', kind: 'file', mode: 0o755, bytes: Buffer.from('#!/bin/sh\n') },
  { path: 'bin/empty', kind: 'file', mode: 0o644, bytes: Buffer.alloc(0) },
  { path: 'init', kind: 'file', mode: 0o755, bytes: Buffer.from('odd') },
];

test('the order of the entries does not matter', () => {
  const archive = packInitramfs(ENTRIES);
  expect(packInitramfs([...ENTRIES].reverse()).equals(archive)).toBe(true);
  expect(packInitramfs(ENTRIES.slice(1)).equals(archive)).toBe(false);
});

test('cpio lists every entry with its kind, mode and size', async ({ skip }) => {
  const file = join(await testFolder(), 'test.cpio');
  await writeFile(file, packInitramfs(ENTRIES));
  let listing: string;
  try {
    listing = (
      await run('sh', ['-c', 'exec cpio -itvn --quiet < "$1"', 'sh', file], {
        env: { ...process.env, LC_ALL: 'C' },
      })
    ).stdout;
  } catch (error) {
    if ((error as { code?: number }).code === 127) return skip('cpio is not installed');
    throw error;
  }
  const rows = listing
    .trim()
    .split('\n')
    .map((line) => line.split(/\s+/))
    .map((words) => [words[0], words.at(-1)]);
  expect(rows).toEqual(
    [
      ['drwxr-xr-x', 'bin'],
      ['-rwxr-xr-x', 'bin/a'],
      ['-rw-r--r--', 'bin/empty'],
      ['drwxr-xr-x', 'dev'],
      ['crw-------', 'dev/console'],
      ['drwxr-xr-x', 'proc'],
      ['drwxr-xr-x', 'sys'],
      ['-rwxr-xr-x', 'init'],
    ].sort((a, b) => ((a[1] as string) < (b[1] as string) ? -1 : 1)),
  );
});

test('the probe image is the same again in an empty cache', async () => {
  const first = await buildProbeImage();
  const bytes = await readFile(first.path);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(first.sha256);

  const before = process.env.TSCMATRIX_CACHE;
  process.env.TSCMATRIX_CACHE = await testFolder();
  try {
    const second = await buildProbeImage();
    expect(second.path).not.toBe(first.path);
    expect(second.sha256).toBe(first.sha256);
  } finally {
    if (before === undefined) delete process.env.TSCMATRIX_CACHE;
    else process.env.TSCMATRIX_CACHE = before;
  }
});
