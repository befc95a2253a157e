/**
 * A kernel tree as it is, with whatever is not committed. In a git work tree git says what belongs to it: tracked
 * files and others that are not ignored, by an index and an object store of our own.
 */
import { mkdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { withTemporary } from '../../host/cache.ts';
import { sha256OfParts } from '../../host/digest.ts';
import { gitFolder } from '../make/paths.ts';
import { oneAtATime } from '../store.ts';
import type { AcquireOptions } from '../types.ts';
import { tryGit } from './git.ts';
import { type Repository, repositoryAt } from './repository.ts';
import { treeSource } from './source-git.ts';
import { plainSource } from './source-plain.ts';
import type { Source } from './types.ts';
import { writeWorkTree } from './work-tree.ts';

export async function directorySource(path: string, options: AcquireOptions): Promise<Source> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such directory' : error.message;
    throw new UserError(`the kernel tree ${path}: ${why}`, undefined, { cause: error });
  });
  if (!found.isDirectory()) {
    throw new UserError(`the kernel tree ${path} is not a directory`, 'give an archive as tarball: PATH');
  }
  for (const name of ['Makefile', 'Kconfig']) {
    if ((await stat(join(path, name)).catch(() => undefined)) === undefined) {
      throw new UserError(`${path} is not a kernel tree: it has no ${name}`);
    }
  }
  // Only if it is the top of a work tree: below one, paths and ignore rules are those of something else.
  const repository = await repositoryAt(path);
  if (repository === null || repository.workTree === null) return plainSource(path, options);
  return workTreeSource(path, repository, options);
}

async function workTreeSource(
  path: string,
  repository: Repository,
  options: AcquireOptions,
): Promise<Source> {
  const { cache } = options;
  const place = { repository: path };
  const key = sha256OfParts({ directory: path });
  const store = gitFolder(cache, key);
  const env = {
    GIT_OBJECT_DIRECTORY: join(store, 'objects'),
    GIT_ALTERNATE_OBJECT_DIRECTORIES: join(repository.commonDir, 'objects'),
  };
  const tree = await oneAtATime(`git ${key}`, path, options, async () => {
    await mkdir(join(store, 'objects'), { recursive: true });
    const now = new Date();
    await utimes(store, now, now); // Pruning goes by it.
    return withTemporary(cache, (scratch) => writeWorkTree(repository, scratch, env));
  });
  const head = await tryGit(place, ['rev-parse', '--verify', '--quiet', 'HEAD^{tree}']);
  const dirty = head.stdout.trim() === tree ? '' : ' with uncommitted changes';
  const commit = (
    await tryGit(place, ['rev-parse', '--verify', '--quiet', '--short=12', 'HEAD'])
  ).stdout.trim();
  return treeSource({ ...place, env }, tree, `${path} (${commit || 'no commit'}${dirty})`, options);
}
