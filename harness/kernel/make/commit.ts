/**
 * Builds commits of one repository one after the other in one tree: git writes the files that differ, and make compiles
 * what depends on them. The key of an image is the same as that of any build of that commit.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withTemporary } from '../../host/cache.ts';
import { sha256OfParts } from '../../host/digest.ts';
import type { BuildSource } from '../../matrix/types.ts';
import type { Rule } from '../era/rules.ts';
import { applyPatches } from '../patch/apply.ts';
import { type Found, oneAtATime } from '../store.ts';
import { type GitPlace, git, privateGit, tryGit } from '../tree/git.ts';
import { findRepository } from '../tree/repository.ts';
import type { AcquireOptions } from '../types.ts';
import { buildLockKey, buildOnce } from './built.ts';
import { type Job, prepareJob } from './job.ts';
import { findKin, startFrom } from './kin.ts';
import { workFolder } from './paths.ts';
import { workKey } from './recipe.ts';
import {
  enterVariant,
  newState,
  readState,
  settledState,
  type Work,
  type WorkState,
  withExtraFiles,
  writeState,
} from './work.ts';

/** How a commit's kernel is made: a build without its tree. */
export type CommitRecipe = Omit<BuildSource, 'kind' | 'tree'>;

export interface CommitBuild {
  readonly job: Job;
  /** What the image is known by, before it is built. */
  readonly key: string;
  /** The folder that commits of this repository are built in. */
  readonly folder: string;
}

/** Finds out what building a commit would be. Throws UserError and HostFault as a build does; builds nothing. */
export async function planCommit(
  repository: string,
  commit: string,
  recipe: CommitRecipe,
  options: AcquireOptions,
  neighbours: readonly Rule[] = [],
): Promise<CommitBuild> {
  const place: GitPlace = { repository };
  const found = await tryGit(place, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${commit}^{commit}`,
  ]);
  // The full id means the same in every repository; HEAD does not. What is wrong with it, the source says.
  const ref = found.exitCode === 0 ? found.stdout.trim() : commit;
  const tree = { kind: 'git', location: repository, ref } as const;
  const job = await prepareJob({ ...recipe, kind: 'build', tree }, options, neighbours);
  const common = (await findRepository(repository))?.commonDir ?? repository;
  const shared = { ...job.source, digest: `commits of ${common}` };
  return { job, key: job.key, folder: workFolder(options.cache, workKey(shared, job.inputs, job.toolchain)) };
}

/** Throws BuildError if the commit does not build. */
export async function acquireCommit({ job, folder }: CommitBuild, options: AcquireOptions): Promise<Found> {
  return buildOnce(job, folder, options, async (work) => {
    const { state: opened, isFresh } = await openMoving(work, job, options);
    options.onProgress?.(`checking out ${job.source.label}`);
    const moved = await moveTo(work, job, opened);
    const applied = await withTemporary(options.cache, (scratch) =>
      applyPatches(work.tree, job.patches, {
        fuzz: job.recipe.fuzz,
        scratch,
        fixups: job.inputs.era.patches,
        passOverApplied: true,
      }),
    );
    const overlay = await withExtraFiles(applied.overlay, work.tree, job.inputs);
    const state = await enterVariant(work, work.tree, moved, overlay);
    return { applied, overlay, state, isFresh };
  });
}

/** The state of the folder, fit for a build whatever happened in it before. */
async function openMoving(
  work: Work,
  job: Job,
  options: AcquireOptions,
): Promise<{ state: WorkState; isFresh: boolean }> {
  const { label } = job.source;
  const state = await settledState(work);
  if (state !== undefined) return { state: { ...state, label }, isFresh: state.endedMs === 0 };
  await rm(work.folder, { recursive: true, force: true });
  await mkdir(work.folder, { recursive: true });
  const copied = await openFromKin(work, job, options);
  if (copied !== undefined) return { state: { ...copied, label }, isFresh: false };
  await mkdir(work.tree, { recursive: true });
  await mkdir(work.out, { recursive: true });
  return { state: newState(label), isFresh: true };
}

/** Undefined if there is no folder to start from. */
async function openFromKin(work: Work, job: Job, options: AcquireOptions): Promise<WorkState | undefined> {
  const { tree: source } = job.recipe;
  if (source.kind !== 'git') throw new Error('only commits are built so');
  const makefile = await tryGit({ repository: source.location }, ['show', `${source.ref}:Makefile`]);
  const kin = await findKin(dirname(work.folder), job.kinKey, makefile.stdout);
  if (kin === undefined) return undefined;
  const label = `a build folder for ${job.source.label}`;
  return oneAtATime(buildLockKey(kin.folder), label, options, async () => {
    options.onProgress?.(`starting from what was compiled of ${(await readState(kin.folder))?.label}`);
    const state = await startFrom(kin, work);
    if (state === undefined) return undefined;
    const place = await placeOf(work, source.location);
    await git(place, [...SETTINGS, 'read-tree', `${source.ref}^{tree}`]);
    // It ends with 1 where files differ: those are written next, the others keep their dates.
    await tryGit(place, [...SETTINGS, 'update-index', '-q', '--refresh']);
    return state;
  });
}

/** Files of the tree can be hard links: another name for one changes its ctime, and nothing in it. */
const SETTINGS = ['core.bare=false', 'core.autocrlf=false', 'core.trustctime=false'].flatMap((each) => [
  '-c',
  each,
]);

/** A git directory of ours with the index of the folder's tree. */
async function placeOf(work: Work, repository: string): Promise<GitPlace> {
  return { ...(await privateGit(join(work.folder, 'git'), { repository })), workTree: work.tree };
}

const KCONFIG_NOTE = 'kconfig.txt';

/** Makes the tree that of the commit. Files that are as they have to be keep their dates. */
async function moveTo(work: Work, job: Job, opened: WorkState): Promise<WorkState> {
  const { tree: source } = job.recipe;
  if (source.kind !== 'git') throw new Error('only commits are built so');
  // Before anything is changed: whoever finds this knows that the tree is in between.
  const state: WorkState = { ...opened, buildingSinceMs: Date.now() };
  await writeState(work, state);
  const place = await placeOf(work, source.location);
  // One tree with --reset: what is as in the index, but not on disk, is written again too (oneway_merge()).
  const readTree = [...SETTINGS, 'read-tree', '--reset', '-u', `${source.ref}^{tree}`];
  const moved = await tryGit(place, readTree);
  if (moved.exitCode !== 0) {
    // A power cut can leave an index that git does not read. Without one every file is written anew.
    await rm(join(place.repository, 'index'), { force: true });
    await git(place, readTree);
  }
  // What the last variant or a move that was cut off has left beside it.
  await git(place, [...SETTINGS, 'clean', '-ffdxq']);
  const digest = await kconfigDigest(place, source.ref);
  const note = join(work.folder, KCONFIG_NOTE);
  const before = await readFile(note, 'utf8').catch(() => '');
  if (before === digest) return { ...state, touched: [] };
  await writeState(work, { ...state, configured: null });
  await writeFile(note, digest);
  return { ...state, touched: [], configured: null };
}

/** Decides the configuration together with the options: the same files give the same .config. */
async function kconfigDigest(place: GitPlace, commit: string): Promise<string> {
  const list = await git(place, ['ls-tree', '-r', '-z', commit]);
  const parts = list
    .split('\0')
    .filter((line) => /\t(?:(?:.*\/)?Kconfig[^/]*|Makefile|arch\/x86\/Makefile|scripts\/.*)$/.test(line));
  return sha256OfParts({ files: parts.join('\0') });
}
