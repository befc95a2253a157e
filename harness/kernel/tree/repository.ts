/**
 * If a git repository keeps its parts (gitrepository-layout(5)), found by looking and not by asking git: git would
 * read the repository's own configuration for that, which names programs.
 */
import { lstat, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

export interface Repository {
  /** HEAD and the index are here; of a linked work tree it is a folder of its own. */
  readonly gitDir: string;
  /** Objects, refs and the configuration are here. */
  readonly commonDir: string;
  /** Null for a bare repository. */
  readonly workTree: string | null;
}

/** Files of git that hold one line. */
const MOST_BYTES = 64 * 1024;

/** The repository that a folder is in, as git finds it: in the folder, or above it. Null if there is none. */
export async function findRepository(folder: string): Promise<Repository | null> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const found = await repositoryAt(at);
    if (found !== null || at === dirname(at)) return found;
  }
}

/** The repository whose top this folder is. */
export async function repositoryAt(folder: string): Promise<Repository | null> {
  const dotGit = join(folder, '.git');
  if (await isFolder(dotGit)) return partsOf(dotGit, folder);
  const link = /^gitdir: (.+)$/m.exec((await readShort(dotGit)) ?? '')?.[1];
  if (link !== undefined) return partsOf(resolve(folder, link.trim()), folder);
  return partsOf(folder, null);
}

async function partsOf(gitDir: string, workTree: string | null): Promise<Repository | null> {
  const head = await readShort(join(gitDir, 'HEAD'));
  if (head === null || !/^(?:ref:\s*refs\/|[0-9a-f]{40})/.test(head)) return null;
  const common = (await readShort(join(gitDir, 'commondir')))?.trim();
  const commonDir = common === undefined ? gitDir : resolve(gitDir, common);
  if (!(await isFolder(join(commonDir, 'objects')))) return null;
  return {
    gitDir: await realpath(gitDir),
    commonDir: await realpath(commonDir),
    workTree: workTree === null ? null : await realpath(workTree),
  };
}

/** A small regular file; null for anything else. A pipe in its place would keep us waiting. */
export async function readShort(path: string): Promise<string | null> {
  try {
    const found = await lstat(path);
    if (!found.isFile() || found.size > MOST_BYTES) return null;
    return await readFile(path, 'utf8');
  } catch {
    return null;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}
