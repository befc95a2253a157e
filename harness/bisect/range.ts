/** The commits between two ends, looked at before anything is built: what cannot work is said here, and why. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { type GitPlace, git, tryGit } from '../kernel/tree/git.ts';
import { repositoryOption } from '../kernel/tree/git-view.ts';
import { findRepository } from '../kernel/tree/repository.ts';
import { hasChanges } from '../kernel/tree/work-tree.ts';
import { type History, historyOf, type Node } from './history.ts';

/** How the ends are called on the command line, for messages. */
export interface EndNames {
  readonly old: string;
  readonly new: string;
}

interface RangeOptions {
  readonly repository: string;
  readonly old: string;
  readonly new: string;
  readonly names: EndNames;
  readonly firstParent: boolean;
  readonly paths: readonly string[];
  readonly skip: readonly string[];
}

interface Range {
  readonly repository: string;
  readonly old: string;
  readonly new: string;
  /** If the old end is not in the new end's past. */
  readonly bases: readonly string[];
  readonly skip: readonly string[];
  /** For people; none of them keeps anything from going on. */
  readonly notes: readonly string[];
}

/** Throws UserError for ends between which nothing can be searched. */
export async function findRange(options: RangeOptions): Promise<Range> {
  const repository = resolve(options.repository);
  const place: GitPlace = { repository };
  await checkRepository(place);
  const shallow = (await git(place, ['rev-parse', '--is-shallow-repository'])).trim() === 'true';
  const old = await findCommit(place, options.old, options.names.old, shallow);
  const end = await findCommit(place, options.new, options.names.new, shallow);
  const bases = await checkEnds(place, old, end, options, shallow);
  await checkKernel(place, old, options.names.old);
  await checkKernel(place, end, options.names.new);
  const range = { repository, old, new: end, bases };
  if (shallow) await checkShallow(place, old, end);
  const candidates = await listCandidates(place, range, options);
  if (candidates.length === 0) {
    throw new UserError(
      `no commit between ${options.old} and ${options.new} touches ${options.paths.join(' ')}`,
      `paths start from the top of ${repository}`,
    );
  }
  const skip = await listSkipped(place, options.skip);
  return { ...range, skip, notes: await notesOn(place) };
}

async function checkRepository(place: GitPlace): Promise<void> {
  const found = await stat(place.repository).catch(() => undefined);
  if (!found?.isDirectory()) throw new UserError(`--repo ${place.repository}: there is no such directory`);
  const repository = await findRepository(place.repository);
  if (repository === null) {
    throw new UserError(
      `--repo ${place.repository} is not a git repository`,
      'give the clone that holds both ends; for kernels without a history there is --kernels',
    );
  }
  if ((await repositoryOption(repository.commonDir, 'extensions.partialClone')) !== null) {
    throw new UserError(
      `--repo ${place.repository} is a partial clone: files of old commits would have to be fetched one by one`,
      'git fetch --refetch --no-filter, then git config --unset extensions.partialClone',
    );
  }
}

async function findCommit(place: GitPlace, ref: string, name: string, shallow: boolean): Promise<string> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`];
  const result = await tryGit(place, args);
  if (result.exitCode === 0) return result.stdout.trim();
  const hint = shallow
    ? 'it is a shallow clone, which lacks old commits: git fetch --unshallow'
    : 'name a commit, a tag or a branch of that repository';
  throw new UserError(`${name} ${ref}: ${place.repository} has no such commit`, hint);
}

const short = (id: string): string => id.slice(0, 12);

/** Gives the common ancestors that have to be looked at as well. */
async function checkEnds(
  place: GitPlace,
  old: string,
  end: string,
  options: RangeOptions,
  shallow: boolean,
): Promise<string[]> {
  const { names } = options;
  const label = `${names.old} ${options.old} (${short(old)}) and ${names.new} ${options.new} (${short(end)})`;
  if (old === end) throw new UserError(`${label} are the same commit`, 'name two different ends');
  const bases = (await tryGit(place, ['merge-base', '--all', old, end])).stdout.split('\n').filter(Boolean);
  if (bases.includes(end)) {
    throw new UserError(
      `the ends are swapped: ${names.new} ${options.new} is in the past of ${names.old} ${options.old}`,
      names.new === '--bad'
        ? 'exchange them; to find what fixed something give the broken end as --old and the fixed one as --new'
        : 'exchange them; --old is the earlier end',
    );
  }
  if (bases.length === 0) {
    throw new UserError(
      `${label} have no common history`,
      shallow
        ? 'this is a shallow clone, in which it is cut off: git fetch --unshallow'
        : 'are both from one project? A tarball imported into git has none',
    );
  }
  return bases.includes(old) ? [] : bases;
}

/** Commits whose parents were not fetched would be taken for ones without parents. */
async function checkShallow(place: GitPlace, old: string, end: string): Promise<void> {
  const list = (await git(place, ['rev-list', '--max-parents=0', end, `^${old}`]))
    .split('\n')
    .filter(Boolean);
  if (list.length === 0) return;
  throw new UserError(
    `${place.repository} is a shallow clone, and its history is cut off between the ends, at ${short(list[0] ?? '')}`,
    'git fetch --unshallow',
  );
}

async function checkKernel(place: GitPlace, commit: string, name: string): Promise<void> {
  for (const file of ['Makefile', 'Kconfig']) {
    const result = await tryGit(place, ['cat-file', '-e', `${commit}:${file}`]);
    if (result.exitCode === 0) continue;
    throw new UserError(
      `${name} ${short(commit)} is not a kernel tree: it has no ${file}`,
      'the kernel has to be the top of the repository',
    );
  }
}

async function listSkipped(place: GitPlace, words: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const word of words) {
    // As git bisect skip has it: a range is all of its commits.
    const args = word.includes('..') ? ['rev-list', word] : ['rev-parse', '--verify', `${word}^{commit}`];
    const result = await tryGit(place, args);
    if (result.exitCode !== 0) throw new UserError(`--skip ${word}: there is no such commit or range`);
    ids.push(...result.stdout.split('\n').filter(Boolean));
  }
  return [...new Set(ids)];
}

async function notesOn(place: GitPlace): Promise<string[]> {
  const notes: string[] = [];
  const repository = await findRepository(place.repository);
  if (repository === null) return notes;
  if (await hasChanges(repository)) {
    notes.push(
      `${place.repository} has uncommitted changes: they take no part, and are left as they are (commits are built elsewhere)`,
    );
  }
  if ((await stat(join(repository.gitDir, 'BISECT_START')).catch(() => null)) !== null) {
    notes.push(`a git bisect of your own is going on in ${place.repository}: it is left as it is`);
  }
  return notes;
}

type Ends = Pick<Range, 'old' | 'new'> & Partial<Pick<Range, 'bases'>>;
type Limits = Pick<RangeOptions, 'firstParent' | 'paths'>;

async function listCandidates(
  place: GitPlace,
  range: Ends,
  { firstParent, paths }: Limits,
): Promise<string[]> {
  const first = firstParent ? ['--first-parent'] : [];
  const list = [
    'rev-list',
    '--topo-order',
    '--reverse',
    ...first,
    range.new,
    `^${range.old}`,
    '--',
    ...paths,
  ];
  return (await git(place, list)).split('\n').filter(Boolean);
}

interface CommitHistory {
  readonly history: History;
  readonly parents: (id: string) => readonly string[];
  readonly subject: (id: string) => string;
}

const FIELD = '\x1f';

/** The graph between the ends, with the commits' titles, those of the ends included. */
export async function readHistory(place: GitPlace, range: Ends, limits: Limits): Promise<CommitHistory> {
  const first = limits.firstParent ? ['--first-parent'] : [];
  const format = `--format=%H${FIELD}%P${FIELD}%s`;
  const args = ['rev-list', '--no-commit-header', '--topo-order', '--reverse', ...first, format];
  const text = await git(place, [...args, range.new, `^${range.old}`]);
  const titles = new Map<string, string>();
  const outside = ['rev-list', '--no-commit-header', '--no-walk', `--format=%H${FIELD}%s`];
  for (const line of (await git(place, [...outside, range.old, ...(range.bases ?? [])])).split('\n')) {
    const [id = '', title = ''] = line.split(FIELD);
    titles.set(id, title);
  }
  const nodes: Node[] = text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [id = '', parents = '', title = ''] = line.split(FIELD);
      titles.set(id, title);
      const all = parents.split(' ').filter(Boolean);
      return { id, parents: limits.firstParent ? all.slice(0, 1) : all };
    });
  const chosen = limits.paths.length === 0 ? undefined : new Set(await listCandidates(place, range, limits));
  const byId = new Map(nodes.map((node) => [node.id, node.parents]));
  return {
    history: historyOf(nodes, chosen),
    parents: (id) => byId.get(id) ?? [],
    subject: (id) => titles.get(id) ?? '',
  };
}
