// Folders that a killed process left behind, where one of them cannot be removed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { removeStaleScratch } from '../../harness/host/scratch.ts';

/** Nobody's: an id above the greatest one that Linux gives. */
const GONE = 4_194_305;

test('a left folder that is mounted on is told of and ends nothing; the other one is removed', async (context) => {
  const [busy, free] = ['a', 'b'].map((name) => mkdtempSync(join(tmpdir(), `tscmatrix-${GONE}-${name}`)));
  if (busy === undefined || free === undefined) throw new Error('two were made');
  const mount = join(busy, 'small');
  mkdirSync(mount);
  const made = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', mount], { encoding: 'utf8' });
  if (made.status !== 0) context.skip(`mounting a tmpfs is not allowed here: ${made.stderr || made.error}`);
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const removed = await removeStaleScratch();
    expect(removed).toContain(free);
    expect(removed).not.toContain(busy);
    expect(stderr.mock.calls.flat().join('')).toMatch(
      `${busy}, left by a process that was killed, cannot be`,
    );
    stderr.mockClear();
    await removeStaleScratch();
    expect(stderr.mock.calls.flat().join('')).not.toContain(busy);
  } finally {
    stderr.mockRestore();
    spawnSync('umount', ['--lazy', mount]);
  }
  await removeStaleScratch();
  expect(existsSync(busy)).toBe(false);
});
