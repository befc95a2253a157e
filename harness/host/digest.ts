/** sha256 of files and of named parts. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
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

/** A digest over named parts: the same parts give the same key in any order, and no two parts run together. */
export function sha256OfParts(parts: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}
