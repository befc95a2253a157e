/**
 * Commits of a repository that nothing was built of yet start from what was compiled of a distribution's tree with the
 * same configuration and toolchain. git then writes the files that differ, and make compiles what depends on them, as
 * it does from one commit to the next: a stable kernel's first commit takes a minute instead of ten.
 *
 * Only of a distribution's tree: its sources came signed, and what they leave (host programs among it) is used again by
 * another tree's build. A user's repository never feeds another one's kernels.
 */
import { lstat, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault } from '../../base/errors.ts';
import { tryTool } from '../../host/process.ts';
import { copyFolder, newState, readState, settledState, type Work, type WorkState, workAt } from './work.ts';

/** The folder that was built in last with the same configuration and toolchain from a tree of the same version. */
export async function findKin(folders: string, kin: string, makefile: string): Promise<Work | undefined> {
  const found: { work: Work; endedMs: number }[] = [];
  for (const name of await readdir(folders).catch(() => [])) {
    const work = workAt(join(folders, name));
    const state = await readState(work.folder);
    if (state?.kin !== kin) continue;
    const theirs = await readFile(join(work.tree, 'Makefile'), 'utf8').catch(() => '');
    if (versionOf(theirs) === versionOf(makefile)) found.push({ work, endedMs: state.endedMs });
  }
  return found.sort((a, b) => b.endedMs - a.endedMs)[0]?.work;
}

/** VERSION and PATCHLEVEL: trees further apart have little in common. */
const versionOf = (makefile: string): string =>
  (makefile.match(/^(?:VERSION|PATCHLEVEL) *=.*$/gm) ?? []).join().replaceAll(' ', '');

/**
 * Copies tree and output of a folder into one that is empty; under the locks of both. Undefined if the other one is of
 * no use any more. Throws HostFault without the space for it.
 */
export async function startFrom(kin: Work, work: Work): Promise<WorkState | undefined> {
  const state = await settledState(kin);
  if (state === undefined) return undefined;
  await copyFolder(kin.tree, work.tree, 'link');
  await copyFolder(kin.out, work.out, 'copy');
  await exchangePaths(kin, work);
  // Nothing is configured yet: the commit's Kconfig files are others. And it is nobody's kin: the tree is a user's.
  return { ...newState(state.label), endedMs: state.endedMs, copiedMs: Date.now() };
}

/** Programs of the build itself: no part of the image, and dated before everything that they made. */
const OF_HOST = /^(?:scripts|tools)\//;

/** The commands that kbuild compares, and all else that names the other folder, name this one. */
async function exchangePaths(kin: Work, work: Work): Promise<void> {
  const { stdout, exitCode } = await tryTool(
    'grep',
    ['--recursive', '--files-with-matches', '--null', '--fixed-strings', '--', kin.folder, '.'],
    { cwd: work.out, env: { LC_ALL: 'C' } },
  );
  if (exitCode > 1) throw new HostFault('tool-failed', `cannot search ${work.out}`);
  for (const name of stdout.split('\0').filter(Boolean)) {
    const path = join(work.out, name);
    const content = await readFile(path);
    if (content.includes(0)) {
      // An object with debugging data, or of a tree that has the whole path in its messages: it is compiled anew.
      if (!OF_HOST.test(name.replace(/^\.\//, ''))) await rm(path);
      continue;
    }
    const { atime, mtime } = await lstat(path);
    await writeFile(path, content.toString('latin1').replaceAll(kin.folder, work.folder), 'latin1');
    await utimes(path, atime, mtime);
  }
  const link = join(work.out, 'source');
  await rm(link, { force: true });
  await symlink(work.tree, link);
}
