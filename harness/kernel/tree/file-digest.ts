/** sha256 of large files of the user's, remembered as long as the file is untouched. */
import { stat } from 'node:fs/promises';
import { findEntry, storeEntry } from '../../host/cache.ts';
import { sha256OfFile, sha256OfParts } from '../../host/digest.ts';
import { readHead } from '../package/filetype.ts';
import { fact } from '../store.ts';
import type { AcquireOptions } from '../types.ts';

const KIND = 'file-digest';
/** A file changed just now may be changed again within one tick of the file system's clock. */
const SETTLED_MS = 3000;

/** Anything but a readable regular file is a UserError. */
export async function digestOfFile(path: string, options: AcquireOptions): Promise<string> {
  await readHead(path, 1);
  const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = await stat(path, { bigint: true });
  // The ctime cannot be set by a program: a file replaced by one of the same size and mtime is seen.
  const key = sha256OfParts({ path, stat: [dev, ino, size, mtimeNs, ctimeNs].join(' ') });
  const entry = await findEntry(options.cache, KIND, key);
  const known = entry && fact(entry, 'sha256');
  if (known !== undefined) return known;
  options.onProgress?.(`reading ${path}`);
  const sha256 = await sha256OfFile(path);
  const after = await stat(path, { bigint: true });
  if (after.ctimeNs === ctimeNs && Date.now() - Number(ctimeMs) > SETTLED_MS) {
    await storeEntry(options.cache, { kind: KIND, key, facts: { sha256, path } });
  }
  return sha256;
}
