/** Forces files and folders to the disk, so that a power cut cannot take what the log already tells of. */
import { open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '../host/write-faults.ts';

/** fsync of a file, or of a folder's list of entries. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems know no fsync of a folder.
    if (!['EINVAL', 'ENOTSUP', 'EISDIR'].includes(errnoOf(error))) throw error;
  } finally {
    await handle.close();
  }
}

/** Every file of a folder, the folder, and those above it up to and with `top`. A folder that is not there has none. */
export async function syncTree(folder: string, top: string): Promise<void> {
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isFile()) await syncPath(join(folder, entry.name));
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  for (let at = folder; ; at = dirname(at)) {
    await syncPath(at);
    if (at === top || at === dirname(at)) return;
  }
}
