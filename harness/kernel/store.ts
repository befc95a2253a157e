/** Kernel images in the cache, by what they were made from. */
import { join } from 'node:path';
import { HostFault } from '../base/errors.ts';
import {
  type CacheEntry,
  findEntry,
  storeEntry,
  storeObject,
  takeObject,
  withCacheLock,
} from '../host/cache.ts';
import { readKernelImage } from './bzimage.ts';
import type { AcquireOptions, KernelImage } from './types.ts';

/** A kernel image without the name that the matrix gives it. */
export type Found = Omit<KernelImage, 'name'>;
/** The same, while it is not said where it came from. */
export type Stored = Omit<Found, 'origin'>;

/** The image made from `key`, if it is in the cache and whole. */
export async function findKernel(
  kind: string,
  key: string,
  options: AcquireOptions,
): Promise<Stored | undefined> {
  const entry = await findEntry(options.cache, kind, key);
  if (entry?.object === undefined) return undefined;
  const path = await takeObject(options.cache, entry.object, options.onProgress);
  if (path === undefined) return undefined;
  return { path, sha256: entry.object.sha256, release: entry.facts.release ?? 'unknown', cached: true };
}

/** Checks the kernel at `path` (in a temporary folder of the cache) and moves it to its place. */
export async function storeKernel(
  kind: string,
  key: string,
  path: string,
  options: AcquireOptions,
): Promise<Stored> {
  const { release } = await readKernelImage(path);
  const object = await storeObject(
    options.cache,
    path,
    `vmlinuz-${release.replace(/[^\w.+~-]/g, '_').slice(0, 80)}`,
  );
  await storeEntry(options.cache, { kind, key, object, facts: { release } });
  const taken = await takeObject(options.cache, object);
  if (taken === undefined) throw new Error(`${object.sha256} vanished from the cache while it was stored`);
  return { path: taken, sha256: object.sha256, release, cached: false };
}

/** An entry of the cache that leads to what another request asked for. */
export function exchanged({ cache }: AcquireOptions, kind: string, key: string): HostFault {
  return new HostFault(
    'cache-damaged',
    `the cache entry ${kind}/${key} leads to another kernel than its request: it was exchanged or edited`,
    `rm ${join(cache.root, 'entries', kind, `${key}.json`)}, and look who writes to ${cache.root}`,
  );
}

/** One at a time for a key, here and in other processes. */
export function oneAtATime<T>(
  key: string,
  what: string,
  options: AcquireOptions,
  work: () => Promise<T>,
): Promise<T> {
  const { onProgress } = options;
  const waiting = {
    ...(onProgress === undefined ? {} : { onWait: onProgress }),
  };
  return withCacheLock(options.cache, `kernel ${key}`, { purpose: `getting ${what}`, ...waiting }, work);
}

export function fact(entry: CacheEntry, name: string): string | undefined {
  const value = entry.facts[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
