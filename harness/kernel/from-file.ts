/** A kernel image given by path. */
import { constants, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { withTemporary } from '../host/cache.ts';
import { sha256OfFile, sha256OfParts } from '../host/digest.ts';
import type { KernelSource } from '../matrix/types.ts';
import { readKernelImage } from './bzimage.ts';
import { exchanged, type Found, findKernel, oneAtATime, type Stored, storeKernel } from './store.ts';
import type { AcquireOptions } from './types.ts';

type FileSource = Extract<KernelSource, { kind: 'image' }>;

const KIND = 'kernel-image';

/**
 * The image is copied into the cache, so that a run goes on with the kernel it began with although the file
 * is built anew meanwhile, and the same bytes are there to be booted again.
 */
export async function acquireFile(source: FileSource, options: AcquireOptions): Promise<Found> {
  await readKernelImage(source.path);
  const sha256 = await sha256OfFile(source.path);
  checkSha256(source.path, sha256, source.sha256);
  const key = sha256OfParts({ image: sha256 });
  const origin = `file ${source.path}`;
  const found =
    (await findCopy(key, sha256, options)) ??
    (await oneAtATime(key, source.path, options, async () => {
      const meanwhile = await findCopy(key, sha256, options);
      if (meanwhile !== undefined) return meanwhile;
      return withTemporary(options.cache, async (folder) => {
        const copy = join(folder, 'image');
        await copyFile(source.path, copy, constants.COPYFILE_FICLONE);
        if ((await sha256OfFile(copy)) !== sha256) {
          throw new UserError(`${source.path} changed while it was read`, 'try again once its build is over');
        }
        return storeKernel(KIND, key, copy, options);
      });
    }));
  return { ...found, origin };
}

/** The copy of these bytes; an entry that leads to others is another request's. */
async function findCopy(key: string, sha256: string, options: AcquireOptions): Promise<Stored | undefined> {
  const found = await findKernel(KIND, key, options);
  if (found !== undefined && found.sha256 !== sha256) throw exchanged(options, KIND, key);
  return found;
}

/** Throws if a file is not the one that the matrix names by digest. */
export function checkSha256(what: string, found: string, expected: string | undefined): void {
  if (expected === undefined || expected.toLowerCase() === found) return;
  throw new UserError(
    `wrong sha256 of ${what}: expected ${expected.toLowerCase()}, found ${found}`,
    'the file is another one now, or the digest was copied wrongly',
  );
}
