/** The files of somebody's work tree, compared with git's index and written as a tree object into a store of ours. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault } from '../../base/errors.ts';
import { readInside } from '../../host/inside.ts';
import { tryTool } from '../../host/process.ts';
import { makeScratch } from '../../host/scratch.ts';
import { type GitPlace, git, tryGit } from './git.ts';
import type { Repository } from './repository.ts';

/**
 * The tree of all tracked files as they are, and of others that are not ignored. Not "git add": that asks git for the
 * state of each repository in a subfolder, by that repository's own configuration (is_submodule_modified() in git's
 * submodule.c).
 */
export async function writeWorkTree(
  repository: Repository,
  scratch: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const place = await placeOf(repository, scratch, env);
  const list = [...(await excludes()), 'ls-files', '-z', '--exclude-standard'];
  const listing = await git(place, [...list, '--deleted', '--modified', '--others']);
  // A repository in a subfolder is listed with a slash: it is not of this tree.
  const paths = listing.split('\0').filter((path) => path !== '' && !path.endsWith('/'));
  await git(place, ['update-index', '--add', '--remove', '-z', '--stdin'], `${paths.join('\0')}\0`);
  return (await git(place, ['write-tree'])).trim();
}

/** Whether tracked files are other than in HEAD; false if there are none. */
export async function hasChanges(repository: Repository): Promise<boolean> {
  if (repository.workTree === null) return false;
  const scratch = await makeScratch();
  try {
    const place = await placeOf(repository, scratch.path, {});
    await tryGit(place, ['update-index', '-q', '--ignore-submodules', '--refresh']);
    return (await tryGit(place, ['diff-index', '--quiet', '--ignore-submodules=all', 'HEAD'])).exitCode === 1;
  } finally {
    await scratch.remove();
  }
}

/** That of a kernel has some 10 MB. Without one all files are read. */
const MOST_INDEX_BYTES = 256 * 1024 * 1024;

/** With a copy of the user's index, which knows by time and size which files are as committed: only others are read. */
async function placeOf(
  { gitDir, workTree }: Repository,
  scratch: string,
  env: Readonly<Record<string, string>>,
): Promise<GitPlace> {
  if (workTree === null) throw new HostFault('tool-failed', `${gitDir} has no work tree`);
  const index = join(scratch, 'index');
  await readInside(gitDir, 'index', MOST_INDEX_BYTES)
    .then((bytes) => writeFile(index, bytes))
    .catch(() => {});
  const place = { repository: workTree, workTree, env: { ...env, GIT_INDEX_FILE: index } };
  // One that is split has its other half elsewhere (git-update-index(1), --split-index). Without one all files are read.
  const usable = await tryGit(place, ['ls-files', '--stage', '--', ':(top,literal)Makefile']);
  if (usable.exitCode !== 0) await rm(index, { force: true });
  return place;
}

let own: Promise<string[]> | undefined;

/** What the user has git ignore everywhere: editors' backups, for example. The user's own configuration is trusted. */
function excludes(): Promise<string[]> {
  own ??= tryTool('git', ['config', '--global', '--type=path', '--get', 'core.excludesFile'], {
    cwd: '/',
    env: { GIT_DIR: '/dev/null' },
  }).then(({ exitCode, stdout }) =>
    exitCode === 0 ? ['-c', `core.excludesFile=${stdout.replace(/\n$/, '')}`] : [],
  );
  return own;
}
