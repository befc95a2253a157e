// A place for results that is read-only, or fills up.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HostFault } from '../../harness/base/errors.ts';
import { makeScratch, type Scratch } from '../../harness/host/scratch.ts';
import { readRecord } from '../../harness/record/reader.ts';
import { openRecord } from '../../harness/record/writer.ts';
import { BEGIN } from './sample-run.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.remove());

/** A file system of its own, where root may mount one. */
function mountTmpfs(context: { skip(note: string): void }, options: string): () => void {
  const made = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', scratch.path], {
    encoding: 'utf8',
  });
  if (made.status !== 0) context.skip(`mounting a tmpfs is not allowed here: ${made.stderr || made.error}`);
  return () => spawnSync('umount', ['-l', scratch.path]);
}

test('a read-only file system is the user’s error', async (context) => {
  const unmount = mountTmpfs(context, 'ro');
  try {
    await expect(openRecord(join(scratch.path, 'results'))).rejects.toThrow(/read-only file system/);
  } finally {
    unmount();
  }
});

test('a full disk ends the log at the last whole event, and what is there can be read', async (context) => {
  const unmount = mountTmpfs(context, 'size=64k');
  try {
    const writer = await openRecord(scratch.path, 'quick');
    let whole = 0;
    const error = await (async () => {
      for (const event of BEGIN) {
        await writer.append(event);
        whole++;
      }
      for (;;) {
        await writer.append({ type: 'kernel-failed', kernel: 'old', message: 'x'.repeat(1500) });
        whole++;
      }
    })().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(HostFault);
    expect(error).toMatchObject({ code: 'disk-full', hint: expect.stringContaining('free some space') });
    await expect(writer.append(BEGIN[0] as never)).rejects.toBe(error);
    await expect(writer.writeFile('provenance.json', 'x'.repeat(9999))).rejects.toMatchObject({
      code: 'disk-full',
    });
    await writer.close();
    const record = await readRecord(writer.dir);
    expect(record.events).toHaveLength(whole);
    expect(record.state).toBe('incomplete');
    expect(record.problems.filter((problem) => problem.line > 0)).toEqual([]);
  } finally {
    unmount();
  }
});
