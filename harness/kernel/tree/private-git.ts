/**
 * A repository of our own that borrows the objects of the user's (gitrepository-layout(5), objects/info/alternates).
 * Whatever is done in it, and wherever it is cut off, the user's refs, index, HEAD and files are not touched.
 */
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { type GitPlace, git } from './git.ts';
import { NO_CONVERSION, repositoryOption } from './git-view.ts';
import { findRepository } from './repository.ts';

/**
 * Makes it, or gives the one that is there its present loan. `folder` becomes the repository itself (a bare one). The
 * caller holds a lock on it: locks of git's own that are found in it were left by one that was killed.
 */
export async function privateGit(folder: string, users: GitPlace): Promise<GitPlace> {
  const place: GitPlace = { repository: folder, own: true };
  const found = await findRepository(users.repository);
  if (found === null) throw new UserError(`${users.repository} is not a git repository`);
  const common = found.commonDir;
  const format = (await repositoryOption(common, 'extensions.objectFormat')) ?? 'sha1';
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) if (name.endsWith('.lock')) await rm(join(folder, name));
  // No template: one of the user's may bring hooks.
  await git(place, ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, folder]);
  await mkdir(join(folder, 'info'), { recursive: true });
  await writeFile(join(folder, 'info', 'attributes'), NO_CONVERSION);
  // Read as lines: a path that begins with a quote or # would have to be quoted, and an absolute one never does.
  await writeFile(join(folder, 'objects', 'info', 'alternates'), `${join(common, 'objects')}\n`);
  // If the user's history ends, ours ends too.
  await copyFile(join(common, 'shallow'), join(folder, 'shallow')).catch(async (error) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await rm(join(folder, 'shallow'), { force: true });
  });
  return place;
}
