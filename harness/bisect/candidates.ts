import { UserError } from '../base/errors.ts';
import { acquireKernel, BuildError } from '../kernel/acquire.ts';
import { acquireCommit, type CommitBuild, planCommit } from '../kernel/make/commit.ts';
import type { AcquireOptions, BuildFacts } from '../kernel/types.ts';
import type { Search } from './decide.ts';
import type { CommitCandidates, Imaged, KernelCandidates, SearchSpec } from './entries.ts';
import { lineOf } from './history.ts';
import { readHistory } from './range.ts';

export interface CandidateImage extends Pick<Imaged, 'sha256' | 'release' | 'origin' | 'key' | 'cached'> {
  readonly path: string;
  readonly build: BuildFacts | null;
}

export interface Candidates {
  readonly search: Search;
  /** A commit's title; nothing for a kernel. */
  readonly title: (id: string) => string;
  readonly name: (id: string) => string;
  /** Throws BuildError if it does not build. */
  image(id: string, options: AcquireOptions): Promise<CandidateImage>;
}

export async function openCandidates(spec: SearchSpec): Promise<Candidates> {
  const rest = { exact: spec.cell.guest.clock === 'deterministic', confidence: spec.confidence };
  return spec.subjects.kind === 'commits'
    ? openCommits(spec.subjects, rest)
    : openKernels(spec.subjects, rest);
}

type Rest = Pick<Search, 'exact' | 'confidence'>;

async function openCommits(subjects: CommitCandidates, rest: Rest): Promise<Candidates> {
  const place = { repository: subjects.repository };
  const { history, parents, subject } = await readHistory(place, subjects, subjects);
  const { old, new: end, bases } = subjects;
  return {
    search: { history, old, new: end, bases, parents, ...rest },
    title: subject,
    name: (id) => id.slice(0, 12),
    image: commitImages(subjects, (id) => history.indexOf(id)),
  };
}

/**
 * Fix-ups follow each commit's tree. A commit that does not build has one more try, with those of the commits beside it: a
 * fault can be older than the mark that a rule knows it by.
 */
function commitImages(
  { repository, recipe, old, new: end }: CommitCandidates,
  indexOf: (id: string) => number | undefined,
): Candidates['image'] {
  /** Commits that can be built, as places in the history: the nearest on either side are neighbours. */
  const tried = new Map<string, number>([
    [old, -1],
    [end, Number.MAX_SAFE_INTEGER],
  ]);
  const neighboursOf = (id: string): string[] => {
    const at = indexOf(id) ?? 0;
    const others = [...tried].filter(([other]) => other !== id).sort(([, a], [, b]) => a - b);
    return [
      others.findLast(([, place]) => place < at)?.[0],
      others.find(([, place]) => place > at)?.[0],
    ].filter((other) => other !== undefined);
  };
  const build = async (plan: CommitBuild, id: string, options: AcquireOptions): Promise<CandidateImage> => {
    const { build: facts, ...found } = await acquireCommit(plan, { ...options, firstErrorOnly: true });
    tried.set(id, tried.get(id) ?? indexOf(id) ?? 0);
    return { ...found, key: plan.key, build: facts ?? null };
  };
  return async (id, options) => {
    const plan = await planCommit(repository, id, recipe, options);
    try {
      return await build(plan, id, options);
    } catch (error) {
      if (!(error instanceof BuildError) || recipe.toolchain.fixups === 'none') throw error;
      const rules = (
        await Promise.all(neighboursOf(id).map((other) => planCommit(repository, other, recipe, options)))
      ).flatMap(({ job }) => job.inputs.era.rules);
      const again = await planCommit(repository, id, recipe, options, rules);
      if (again.key === plan.key) throw error;
      options.onProgress?.('it does not build: once more, with the fix-ups of the commits beside it');
      return build(again, id, options).catch((second: unknown) => {
        throw second instanceof BuildError ? error : second;
      });
    }
  };
}

function openKernels({ kernels, old, new: end }: KernelCandidates, rest: Rest): Candidates {
  const names = kernels.map(({ name }) => name);
  const line = names.slice(names.indexOf(old), names.indexOf(end) + 1);
  const search: Search = {
    history: lineOf(line.slice(1)),
    old,
    new: end,
    bases: [],
    parents: (id) => line.slice(line.indexOf(id) - 1, line.indexOf(id)),
    ...rest,
  };
  return {
    search,
    title: () => '',
    name: (id) => id,
    async image(id, options) {
      const entry = kernels.find(({ name }) => name === id);
      if (entry === undefined) throw new UserError(`the list has no kernel ${id}`);
      const { build, ...found } = await acquireKernel(entry, options);
      return { ...found, key: null, build: build ?? null };
    },
  };
}
