/** From what was typed to a search: everything that can be wrong is said here, before anything is built. */
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { suggestion } from '../base/suggest.ts';
import { type CommitRecipe, planCommit } from '../kernel/make/commit.ts';
import type { AcquireOptions } from '../kernel/types.ts';
import { type CellSpec, readCellSpec } from '../lab/cell-spec.ts';
import { newJobFolder } from '../lab/files.ts';
import { testDigestsOf } from '../lab/make-ready.ts';
import { testWords } from '../lab/test-words.ts';
import { kernelSchema, kernelSource } from '../matrix/kernel-schema.ts';
import type { CommitCandidates, KernelCandidates, SearchSpec } from './entries.ts';
import { JOURNAL_FILE, readJournal } from './journal.ts';
import { listKernels } from './kernel-list.ts';
import { type EndNames, findRange } from './range.ts';

/** The ends, as the options name them. */
interface EndOptions {
  readonly good?: string;
  readonly bad?: string;
  readonly old?: string;
  readonly new?: string;
}

export interface BuildOptions {
  readonly config?: string;
  readonly patch: readonly string[];
}

export interface SearchOptions extends EndOptions, BuildOptions {
  readonly cell?: string;
  readonly expect: readonly string[];
  readonly test: readonly string[];
  readonly testTimeout?: string;
  readonly repo?: string;
  readonly kernels: readonly string[];
  readonly firstParent?: boolean;
  readonly paths: readonly string[];
  readonly skip: readonly string[];
  readonly confidence: number;
  readonly timeout: number;
  readonly qemu: string;
  readonly jobs?: number;
}

export interface PreparedSearch {
  readonly spec: SearchSpec;
  readonly notes: readonly string[];
}

export async function prepareSearch(words: SearchOptions, options: AcquireOptions): Promise<PreparedSearch> {
  const tests = testWords(words.test, words.testTimeout);
  if (words.cell === undefined && tests.length === 0) {
    throw new UserError(
      'bisect needs --cell, the guest that every kernel is booted in, or --test',
      'for example --cell topology=tcg,hpet=off --expect registration=refined, or --cell matrices/seed.yaml#CELL',
    );
  }
  const cell = await readCellSpec(words.cell ?? '', words.expect, tests);
  const testDigests = await testDigestsOf(cell.cell);
  const ends = readEnds(words);
  const { subjects, notes } =
    words.kernels.length > 0
      ? await prepareKernels(words, ends, options)
      : await prepareCommits(words, ends, cell, options);
  const { confidence, timeout, qemu, jobs } = words;
  const spec: SearchSpec = {
    cell: cell.cell,
    met: ends?.met ?? null,
    subjects,
    confidence,
    timeoutS: timeout,
    qemu,
    jobs: jobs ?? null,
    ...(testDigests.length === 0 ? {} : { testDigests }),
  };
  return { spec, notes };
}

interface Ends {
  readonly old: string;
  readonly new: string;
  readonly met: 'old' | 'new';
  readonly names: EndNames;
}

/** Null if none is given. */
function readEnds({ good, bad, old, new: last }: EndOptions): Ends | null {
  const isBreak = good !== undefined || bad !== undefined;
  if (isBreak && (old !== undefined || last !== undefined)) {
    throw new UserError(
      '--good and --bad do not go with --old and --new',
      '--good is as expected and a later --bad is not; --old is not as expected and a later --new is',
    );
  }
  const names = isBreak ? { old: '--good', new: '--bad' } : { old: '--old', new: '--new' };
  const [first, second] = isBreak ? [good, bad] : [old, last];
  if (first === undefined && second === undefined) return null;
  const missing = first === undefined ? names.old : second === undefined ? names.new : null;
  if (missing !== null || first === undefined || second === undefined) {
    throw new UserError(`${missing} is missing`, 'a search needs both ends');
  }
  return { old: first, new: second, met: isBreak ? 'old' : 'new', names };
}

async function prepareCommits(
  words: SearchOptions,
  ends: Ends | null,
  { recipe: given }: CellSpec,
  options: AcquireOptions,
): Promise<{ subjects: CommitCandidates; notes: readonly string[] }> {
  if (ends === null) {
    throw new UserError(
      'bisect needs its ends: --good and --bad, or --old and --new to find what fixed something',
      'over kernels without a history: --kernels',
    );
  }
  const range = await findRange({
    repository: words.repo ?? '.',
    old: ends.old,
    new: ends.new,
    names: ends.names,
    firstParent: words.firstParent === true,
    paths: words.paths,
    skip: words.skip,
  });
  const recipe = recipeOf(words, given);
  // Missing compilers, patches and options that are not there: both ends are all that is needed to know.
  for (const commit of [range.old, range.new]) await planCommit(range.repository, commit, recipe, options);
  const { notes, ...found } = range;
  const subjects: CommitCandidates = {
    kind: 'commits',
    ...found,
    oldRef: ends.old,
    newRef: ends.new,
    firstParent: words.firstParent === true,
    paths: words.paths,
    recipe,
  };
  return { subjects, notes };
}

/** How each commit is built: as the kernel of the matrix's cell is, or as the options say. */
export function recipeOf({ config, patch }: BuildOptions, given: CommitRecipe | null): CommitRecipe {
  if (given !== null) {
    if (config === undefined && patch.length === 0) return given;
    throw new UserError('--config and --patch do not go with a cell of a matrix that builds its kernel');
  }
  const checked = kernelSchema.parse({
    source: { git: '.', ref: 'HEAD' },
    patches: patch,
    ...(config === undefined ? {} : { config: { base: { file: config } } }),
  });
  const source = kernelSource(checked, process.cwd());
  if (source.kind !== 'build') throw new Error('a source makes a build');
  const { kind: _kind, tree: _tree, ...recipe } = source;
  return recipe;
}

async function prepareKernels(
  words: SearchOptions,
  ends: Ends | null,
  options: AcquireOptions,
): Promise<{ subjects: KernelCandidates; notes: readonly string[] }> {
  const wrong = [
    ['--repo', words.repo],
    ['--first-parent', words.firstParent],
    ['--config', words.config],
  ].find(([, value]) => value !== undefined)?.[0];
  const stray = wrong ?? (words.patch.length > 0 ? '--patch' : words.skip.length > 0 ? '--skip' : undefined);
  if (stray !== undefined)
    throw new UserError(`${stray} does not go with --kernels, whose kernels are built already`);
  if (words.paths.length > 0) throw new UserError('paths do not go with --kernels');
  const kernels = await listKernels(words.kernels, options);
  const names = kernels.map(({ name }) => name);
  const find = (wanted: string | undefined, fallback: string, option: string): string => {
    if (wanted === undefined) return fallback;
    if (names.includes(wanted)) return wanted;
    throw new UserError(`${option} ${wanted}: the list has no such kernel`, suggestion(wanted, names));
  };
  const old = find(ends?.old, names[0] ?? '', ends?.names.old ?? '');
  const last = find(ends?.new, names.at(-1) ?? '', ends?.names.new ?? '');
  if (names.indexOf(old) >= names.indexOf(last)) {
    throw new UserError(
      old === last ? `both ends are ${old}` : `the ends are swapped: in the list ${last} comes before ${old}`,
      `the order is: ${names.join(', ')}`,
    );
  }
  return {
    subjects: { kind: 'kernels', kernels, old, new: last },
    notes: [`in this order: ${names.join(', ')}`],
  };
}

/** Where searches are kept, beside the runs. */
function searchesFolder(results: string): string {
  return resolve(results, 'bisect');
}

/** A new folder for a search, named after the time and what is searched. */
export async function newSearchFolder(results: string, spec: SearchSpec, at: Date): Promise<string> {
  const { subjects } = spec;
  const what = subjects.kind === 'commits' ? basename(subjects.repository) : 'kernels';
  return newJobFolder(searchesFolder(results), what, at);
}

/** The folder of the search to resume: the named one, or the latest that has no end yet. */
export async function findSearch(results: string, wanted: string | true): Promise<string> {
  const all = searchesFolder(results);
  if (wanted !== true) {
    for (const folder of [resolve(wanted), join(all, wanted)]) {
      const names = await readdir(folder).catch((): string[] => []);
      if (names.includes(JOURNAL_FILE)) return folder;
    }
    throw new UserError(`--resume ${wanted}: that is no folder of a search`, `searches are in ${all}`);
  }
  const names = (await readdir(all).catch((): string[] => [])).sort().reverse();
  for (const name of names) {
    const { entries } = await readJournal(join(all, name)).catch(() => ({ entries: [] }));
    if (entries.length > 0 && entries.at(-1)?.type !== 'finished') return join(all, name);
  }
  throw new UserError(`there is no interrupted search to resume in ${all}`, 'name the folder: --resume DIR');
}
