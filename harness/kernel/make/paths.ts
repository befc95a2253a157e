/**
 * Where builds live in the cache:
 *
 *   build/trees/<source digest>/      tree/ as unpacked, never changed; tree.json
 *   build/work/<key>/                 tree/ (hard links to the above, but for what a variant changes), out/, bin/,
 *                                     state.json: one for each source, configuration and toolchain
 *                                     or for each repository whose commits are built one after the other: a work tree
 *                                     of git's in tree/, and git/ with its index
 *   build/logs/<build key>/           build.log and config of the last build of that key
 *   build/emulators/<key>/            a QEMU that was built: harness/image/qemu/store.ts
 *   build/git/<key>.git               objects of git sources: mirrors of URLs, uncommitted states of directories
 */
import { join } from 'node:path';
import type { Cache } from '../../host/cache.ts';
import { imagesFolder } from '../../host/project.ts';

export function treeFolder(cache: Cache, sourceDigest: string): string {
  return join(cache.root, 'build', 'trees', sourceDigest);
}

export function workFolder(cache: Cache, key: string): string {
  return join(cache.root, 'build', 'work', key);
}

export function logFolder(cache: Cache, buildKey: string): string {
  return join(cache.root, 'build', 'logs', buildKey);
}

export function gitFolder(cache: Cache, key: string): string {
  return join(cache.root, 'build', 'git', `${key}.git`);
}

export function kernelImagesFolder(): string {
  return join(imagesFolder(), 'kernels');
}
