/**
 * Where builds live in the cache:
 *
 *   build/trees/<source digest>/      tree/ as unpacked, never changed; tree.json
 *   build/work/<key>/                 tree/ (hard links to the above, but for what a variant changes), out/, bin/,
 *                                     state.json: one for each source, configuration and toolchain
 *   build/logs/<build key>/           build.log and config of the last build of that key
 *   build/git/<key>.git               objects of git sources: mirrors of URLs, uncommitted states of directories
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cache } from '../../host/cache.ts';

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

/** images/kernels of the project, in a checkout and in the installed package alike. */
export function kernelImagesFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return join(folder, 'images', 'kernels');
}
