import { UserError } from '../base/errors.ts';
import { acquireKernel } from '../kernel/acquire.ts';
import { acquireCommit, planCommit } from '../kernel/make/commit.ts';
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
    async image(id, options) {
      const plan = await planCommit(subjects.repository, id, subjects.recipe, options);
      const { build, ...found } = await acquireCommit(plan, options);
      return { ...found, key: plan.key, build: build ?? null };
    },
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
