/** The commit that a search has found, and its change in the files at stake: those that the kernel was built from. */
import { basename, join } from 'node:path';
import type { Cache } from '../host/cache.ts';
import { tryTool } from '../host/process.ts';
import { planCommit } from '../kernel/make/commit.ts';
import { type GitPlace, git } from '../kernel/tree/git.ts';
import type { CommitCandidates } from './entries.ts';

export interface Culprit {
  readonly id: string;
  readonly title: string;
  readonly author: string;
  /** Author's date, ISO 8601. */
  readonly date: string;
  readonly message: string;
  readonly parents: readonly string[];
  /** What the diff is limited to. */
  readonly files: readonly string[];
  /** Changed as well, but no part of this kernel. */
  readonly otherFiles: readonly string[];
  readonly diff: string;
}

/** A report holds no more of a diff. */
const MOST_BYTES = 256 * 1024;

export async function describeCulprit(
  id: string,
  subjects: CommitCandidates,
  cache: Cache,
): Promise<Culprit> {
  const place: GitPlace = { repository: subjects.repository };
  const format = '--format=%an%x00%aI%x00%P%x00%B';
  const [author = '', date = '', parents = '', message = ''] = (
    await git(place, ['show', '--no-patch', format, id])
  ).split('\0');
  // Of a merge what it brought to its first parent.
  const range = parents === '' ? ['--root', id] : [`${id}^1`, id];
  const changed = (await git(place, ['diff-tree', '-r', '-z', '--name-only', '--no-commit-id', ...range]))
    .split('\0')
    .filter(Boolean);
  const inside = (file: string): boolean =>
    subjects.paths.length === 0 ||
    subjects.paths.some((path) => file === path || file.startsWith(`${path.replace(/\/+$/, '')}/`));
  const named = changed.filter(inside);
  const built = await builtFrom(named, id, subjects, cache);
  // If nothing of it is known to have been built, all of it is at stake.
  const files = built.length > 0 ? built : named.length > 0 ? named : changed;
  const diff = await git(place, [
    'diff-tree',
    '-p',
    '--no-commit-id',
    '--no-ext-diff',
    ...range,
    '--',
    ...files,
  ]);
  return {
    id,
    title: message.split('\n')[0] ?? '',
    author,
    date,
    message: message.trim(),
    parents: parents.split(' ').filter(Boolean),
    files,
    otherFiles: changed.filter((file) => !files.includes(file)),
    diff:
      diff.length <= MOST_BYTES ? diff : `${diff.slice(0, MOST_BYTES)}\n[cut off: ${diff.length} bytes]\n`,
  };
}

/** kbuild's own rules: what steers the build is always at stake. */
const STEERS = /(?:^|\/)(?:Kconfig[^/]*|Makefile|Kbuild)$/;

/** Those that kbuild has noted as read for an object: its .cmd files name every source and header. */
async function builtFrom(
  files: readonly string[],
  id: string,
  subjects: CommitCandidates,
  cache: Cache,
): Promise<string[]> {
  const { folder } = await planCommit(subjects.repository, id, subjects.recipe, { cache });
  const found = new Set(files.filter((file) => STEERS.test(file)));
  const searched = files.filter((file) => !found.has(file));
  if (searched.length === 0) return [...found];
  const args = [
    '-rhoF',
    '--include=*.cmd',
    ...searched.flatMap((file) => ['-e', `/${file}`]),
    join(folder, 'out'),
  ];
  const { stdout } = await tryTool('grep', args, { env: { LC_ALL: 'C' } });
  const seen = new Set(stdout.split('\n'));
  for (const file of searched) if (seen.has(`/${file}`)) found.add(file);
  return files.filter((file) => found.has(file) || isOnlyName(file, seen));
}

/** Sources in the top folder stand in .cmd files without any folder. */
function isOnlyName(file: string, seen: ReadonlySet<string>): boolean {
  return basename(file) === file && seen.has(file);
}
