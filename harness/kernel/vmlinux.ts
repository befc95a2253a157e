/** The vmlinux of a kernel that was built here, for debuggers: beside its image in the cache. */
import { copyFile, lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { findEntry, storeEntry, storeObject, takeObject, withTemporary } from '../host/cache.ts';
import type { AcquireOptions } from './types.ts';

const KIND = 'kernel-vmlinux';

/** Copies what make left in `out` for the image of that sha256, wherever a copy of the image lies; a link there would lead to a file of the user's. */
export async function keepVmlinux(
  imageSha256: string,
  out: string,
  release: string,
  { cache }: AcquireOptions,
): Promise<void> {
  const built = join(out, 'vmlinux');
  if ((await lstat(built).catch(() => null))?.isFile() !== true) return;
  await withTemporary(cache, async (scratch) => {
    const copy = join(scratch, 'vmlinux');
    await copyFile(built, copy);
    const name = `vmlinux-${release.replace(/[^\w.+~-]/g, '_').slice(0, 80)}`;
    await storeEntry(cache, {
      kind: KIND,
      key: imageSha256,
      object: await storeObject(cache, copy, name),
      facts: {},
    });
  });
}

/** Its path; undefined for a kernel that was built before there was this, or whose vmlinux is gone. */
export async function findVmlinux(
  imageSha256: string,
  { cache }: Pick<AcquireOptions, 'cache'>,
): Promise<string | undefined> {
  const entry = await findEntry(cache, KIND, imageSha256);
  return entry?.object === undefined ? undefined : takeObject(cache, entry.object);
}
