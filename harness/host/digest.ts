/** sha256 of files and of named parts. */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { stopIfInterrupted } from './interruption.ts';

/** Lower-case hex sha256 of a file's bytes. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    stopIfInterrupted(path);
    hash.update(chunk as Uint8Array);
  }
  return hash.digest('hex');
}

/** A stream of a small file costs fifty times the read. */
const AT_ONCE_BYTES = 1 << 20;
const AT_ONCE_FILES = 64;

/** The same of many files, most of them small, in their order. Between some of them others have their turn: Ctrl-C is seen. */
export async function* sha256OfFiles(
  files: Iterable<{ readonly path: string; readonly bytes: number }>,
): AsyncGenerator<string> {
  let read = 0;
  for (const { path, bytes } of files) {
    if (++read % AT_ONCE_FILES === 0) await setImmediate();
    stopIfInterrupted(path);
    yield bytes > AT_ONCE_BYTES
      ? await sha256OfFile(path)
      : createHash('sha256').update(readFileSync(path)).digest('hex');
  }
}

/** A digest over named parts: the same parts give the same key in any order, and no two parts run together. */
export function sha256OfParts(parts: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}
