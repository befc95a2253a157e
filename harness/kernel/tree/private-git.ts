/**
 * A repository of our own that borrows the objects of the user's (gitrepository-layout(5), objects/info/alternates).
 * Whatever is done in it, and wherever it is cut off, the user's refs, index, HEAD and files are not touched.
 */
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type GitPlace, git, tryGit } from './git.ts';

/**
 * Makes it, or gives the one that is there its present loan. `folder` becomes the repository itself (a bare one). The
 * caller holds a lock on it: locks of git's own that are found in it were left by one that was killed.
 */
export async function privateGit(folder: string, users: GitPlace): Promise<GitPlace> {
  const place: GitPlace = { repository: folder, signal: users.signal };
  const common = (await git(users, ['rev-parse', '--path-format=absolute', '--git-common-dir'])).trim();
  const format = (await tryGit(users, ['rev-parse', '--show-object-format'])).stdout.trim() || 'sha1';
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) if (name.endsWith('.lock')) await rm(join(folder, name));
  await git(place, ['init', '--quiet', '--bare', `--object-format=${format}`, folder]);
  // Read as lines: a path that begins with a quote or # would have to be quoted, and an absolute one never does.
  await writeFile(join(folder, 'objects', 'info', 'alternates'), `${join(common, 'objects')}\n`);
  // Where the user's history ends, ours ends too.
  await copyFile(join(common, 'shallow'), join(folder, 'shallow')).catch(async (error) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await rm(join(folder, 'shallow'), { force: true });
  });
  return place;
}
