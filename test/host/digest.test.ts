import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Interrupted } from '../../harness/base/errors.ts';
import { sha256OfFile, sha256OfFiles } from '../../harness/host/digest.ts';
import { stoppedBy } from '../../harness/host/interruption.ts';
import { inScratch, sha256 } from '../kernel/tools.ts';

test('many files: each has its own digest, in their order, whatever its size', async () => {
  await inScratch(async (folder) => {
    const texts = [...Array.from({ length: 150 }, (_, i) => `file ${i}`), '', 'x'.repeat(3 << 20)];
    const files = texts.map((text, i) => ({ path: join(folder, `f${i}`), bytes: text.length }));
    await Promise.all(files.map(({ path }, i) => writeFile(path, texts[i] ?? '')));
    const found: string[] = [];
    for await (const digest of sha256OfFiles(files)) found.push(digest);
    expect(found).toEqual(texts.map(sha256));
    expect(await sha256OfFile(join(folder, 'f151'))).toBe(found[151]);
  });
});

test('an interruption while files are read ends the reading', async () => {
  await inScratch(async (folder) => {
    const path = join(folder, 'file');
    await writeFile(path, 'text');
    const stop = new AbortController();
    setImmediate(() => stop.abort());
    const reading = stoppedBy(stop.signal, async () => {
      for await (const _ of sha256OfFiles(Array.from({ length: 1_000_000 }, () => ({ path, bytes: 4 }))));
    });
    await expect(reading).rejects.toThrow(Interrupted);
  });
});
