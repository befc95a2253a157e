/**
 * A kernel tree as it is, with whatever is not committed. In a git work tree git says what belongs to it: tracked
 * files and others that are not ignored, as "git add --all" would take them, by an index and an object store of our own.
 */
import { constants, copyFile, mkdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { withTemporary } from '../../host/cache.ts';
import { sha256OfParts } from '../../host/digest.ts';
import { gitFolder } from '../make/paths.ts';
import { oneAtATime } from '../store.ts';
import type { AcquireOptions } from '../types.ts';
import { git, tryGit } from './git.ts';
import { treeSource } from './source-git.ts';
import { plainSource } from './source-plain.ts';
import type { Source } from './types.ts';

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
  const top = await tryGit({ repository: path, signal: options.signal }, ['rev-parse', '--show-cdup']).catch(
    () => undefined,
  );
  // Only where it is the top of a work tree: below one, paths and ignore rules are those of something else.
  if (top?.exitCode !== 0 || top.stdout.trim() !== '') return plainSource(path, options);
  return workTreeSource(path, options);
}

async function workTreeSource(path: string, options: AcquireOptions): Promise<Source> {
  const { cache, signal } = options;
  const place = { repository: path, signal };
  const common = (await git(place, ['rev-parse', '--path-format=absolute', '--git-common-dir'])).trim();
  const indexPath = (await git(place, ['rev-parse', '--path-format=absolute', '--git-path', 'index'])).trim();
  const key = sha256OfParts({ directory: path });
  const store = gitFolder(cache, key);
  const env = {
    GIT_OBJECT_DIRECTORY: join(store, 'objects'),
    GIT_ALTERNATE_OBJECT_DIRECTORIES: join(common, 'objects'),
  };
  const tree = await oneAtATime(`git ${key}`, path, options, async () => {
    await mkdir(join(store, 'objects'), { recursive: true });
    const now = new Date();
    await utimes(store, now, now); // Pruning goes by it.
    return withTemporary(cache, async (scratch) => {
      const index = join(scratch, 'index');
      // The user's index knows by time and size which files are as committed: only the others are read.
      await copyFile(indexPath, index, constants.COPYFILE_FICLONE).catch(() => {});
      const work = { ...place, env: { ...env, GIT_INDEX_FILE: index } };
      await git(work, ['add', '--all']);
      return (await git(work, ['write-tree'])).trim();
    });
  });
  const head = await tryGit(place, ['rev-parse', '--verify', '--quiet', 'HEAD^{tree}']);
  const dirty = head.stdout.trim() === tree ? '' : ' with uncommitted changes';
  const commit = (
    await tryGit(place, ['rev-parse', '--verify', '--quiet', '--short=12', 'HEAD'])
  ).stdout.trim();
  return treeSource({ ...place, env }, tree, `${path} (${commit || 'no commit'}${dirty})`, options);
}
