/** The file of a guest's memory: taken out of QEMU's folder into the boot's. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { MOST_FILE_BYTES } from '../host/confine/privileges.ts';
import { openInside } from '../host/inside.ts';
import { toWriteError } from '../host/write-faults.ts';
import { DUMP_FILE, type DumpFormat, type DumpMade } from './machine/memory-dump.ts';

/** As any file that QEMU writes. */
export const DUMP_BYTES_MAX = MOST_FILE_BYTES;

/** A dump that was kept, or why there is none. */
export type Dump =
  | { readonly file: string; readonly bytes: number; readonly format: DumpFormat }
  | { readonly none: string };

/** `from`: QEMU's folder, which may hold anything; `folder`: of the boot. Throws if it cannot be written. */
export async function keepDump(made: DumpMade, from: string, folder: string): Promise<Dump> {
  if ('none' in made) return made;
  const found = await openInside(from, DUMP_FILE, DUMP_BYTES_MAX).catch((error: Error) => error);
  if (found instanceof Error) return { none: found.message };
  const { handle, bytes } = found;
  const path = join(folder, DUMP_FILE);
  try {
    const copy = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600);
    await pipeline(
      handle.createReadStream({ start: 0, end: Math.max(bytes - 1, 0), autoClose: false }),
      copy.createWriteStream(),
    );
  } catch (error) {
    throw toWriteError(error, path);
  } finally {
    await handle.close();
  }
  return { file: DUMP_FILE, bytes, format: made.format };
}
