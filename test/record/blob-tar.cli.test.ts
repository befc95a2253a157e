import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeScratch } from '../../harness/host/scratch.ts';
import { writeBlob } from '../../harness/record/blob/blob-write.ts';

const V1 = join(import.meta.dirname, '..', 'captures', 'records', 'v1');
const CONSOLE = 'cells/built-6.1.tcg.deterministic/boot-1/console.log';

test('other tools read a blob', async () => {
  const scratch = await makeScratch();
  onTestFinished(() => scratch.remove());
  const dir = join(scratch.path, 'run');
  const file = join(scratch.path, 'a.blob');
  cpSync(V1, dir, { recursive: true });
  await writeBlob(dir, file, 'amd');
  const listed = spawnSync('tar', ['-tzf', file], { encoding: 'utf8' });
  expect(listed.stdout.split('\n')).toContain(`run/${CONSOLE}`);
});
