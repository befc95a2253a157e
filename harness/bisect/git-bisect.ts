/**
 * git's own bisect, driven in a repository of the search's own: its log, replay and visualize show how far it is, and
 * its skip, paths and first-parent are what they always are. Verdicts are told it as they become certain.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type GitPlace, git, privateGit, tryGit } from '../kernel/tree/git.ts';
import { countsOf, type Search, type Side, sideOfCounts } from './decide.ts';
import type { CommitCandidates } from './entries.ts';
import { hasBit } from './history.ts';
import type { Belief } from './posterior.ts';
import type { SearchState } from './state.ts';

export const GIT_FOLDER = 'git';
export const LOG_FILE = 'bisect.log';

export interface Mark {
  readonly id: string;
  readonly as: Side | 'skip';
}

export interface GitBisect {
  /** Tells git all verdicts that it does not know yet; from the beginning if one of them was taken back. */
  mark(marks: readonly Mark[]): Promise<void>;
  /** What git itself takes for the answer; null while it has none. */
  answer(): Promise<string | null>;
  readonly place: GitPlace;
}

/** git bisect's words: old and new may be called so only if nothing was called bad or good. */
function termsOf(met: Side): Record<Side, string> {
  return met === 'old' ? { old: 'good', new: 'bad' } : { old: 'old', new: 'new' };
}

/** Starts it anew in `folder`: the marks are the journal's, and git's state is made of them whenever it is wanted. */
export async function startGitBisect(
  folder: string,
  subjects: CommitCandidates,
  met: Side,
): Promise<GitBisect> {
  const repository = join(folder, GIT_FOLDER);
  const users = { repository: subjects.repository };
  // Whatever a kill or a power cut has left of it, locks and half a ref included: nothing in it is worth to be kept.
  await rm(repository, { recursive: true, force: true });
  const place = await privateGit(repository, users);
  const terms = termsOf(met);
  let reported = new Map<string, string>();

  // Its exit code tells the same as its log: 2 if only skipped commits are left, for example.
  const run = (args: readonly string[]) => tryGit(place, ['bisect', ...args]);
  const start = async (): Promise<void> => {
    await tryGit(place, ['bisect', 'reset']);
    const first = subjects.firstParent ? ['--first-parent'] : [];
    const words = met === 'old' ? [] : ['--term-old=old', '--term-new=new'];
    // git bisect wants to know where to return to: nowhere in particular.
    await git(place, ['update-ref', '--no-deref', 'HEAD', subjects.new]);
    reported = new Map();
    await run(['start', ...words, ...first, subjects.new, subjects.old, '--', ...subjects.paths]);
  };
  await start();
  return {
    place,
    async mark(marks) {
      const wanted = new Map(marks.map(({ id, as }) => [id, as === 'skip' ? 'skip' : terms[as]]));
      const takenBack = [...reported].some(([id, word]) => wanted.get(id) !== word);
      if (takenBack) await start();
      for (const [id, word] of wanted) {
        if (reported.get(id) === word) continue;
        await run([word, id]);
        reported.set(id, word);
      }
      await writeFile(join(folder, LOG_FILE), await git(place, ['bisect', 'log']));
    },
    async answer() {
      // The term is the one that was chosen: bad or new.
      const log = await git(place, ['bisect', 'log']);
      return /^# first (?:bad|new) commit: \[([0-9a-f]+)\]/m.exec(log)?.[1] ?? null;
    },
  };
}

/** What git's own bisect is told: every verdict that is certain. Pure. */
export function marksOf(search: Search, { seen }: SearchState, belief: Belief): Mark[] {
  const marks: Mark[] = [];
  for (const id of new Set([...seen.images.keys(), ...seen.skipped])) {
    if (id === search.old || id === search.new) continue;
    if (seen.skipped.has(id)) {
      marks.push({ id, as: 'skip' });
      continue;
    }
    const side =
      search.exact || search.bases.includes(id)
        ? sideOfCounts(countsOf(id, seen), search.exact)
        : certainSide(id, search, belief);
    if (side === 'old' || side === 'new') marks.push({ id, as: side });
  }
  return marks;
}

/** In a noisy search the side that all answers together make as good as certain, not only its own. */
function certainSide(id: string, { history, confidence }: Search, { probability }: Belief) {
  const past = history.past(id);
  if (past === null) return null;
  let share = 0;
  for (const [index, p] of probability.entries()) if (hasBit(past, index)) share += p;
  return share >= confidence ? 'new' : share <= 1 - confidence ? 'old' : null;
}
