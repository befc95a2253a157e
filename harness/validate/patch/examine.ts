/** Looks at a patch or a series before anything is built: does it apply, what is it like, what does it lack. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { withTemporary } from '../../host/cache.ts';
import { prepareJob } from '../../kernel/make/job.ts';
import { applyPatches, changesOf, pathsOf } from '../../kernel/patch/apply.ts';
import { type HunkTrial, type PatchTrial, tryPatch } from '../../kernel/patch/try-patch.ts';
import { ensureTree } from '../../kernel/tree/trees.ts';
import type { AcquireOptions } from '../../kernel/types.ts';
import type { BuildSource } from '../../matrix/types.ts';
import { type Comparison, compareChanges, extraHunks, isAlike } from './compare.ts';
import {
  type Changes,
  changesOfPatches,
  firstChange,
  functionAt,
  functionOf,
  type HunkNames,
  hunkKey,
} from './lines.ts';
import { type ReadPatch, readPatches } from './read.ts';
import { remarksOn } from './remarks.ts';
import { presenceOf, type TreeView, treeView } from './tree-view.ts';
import type { Applies, HunkReport, Likeness, OnePatch, PatchReport } from './types.ts';
import { knownCommits, relatedCommits, type UpstreamCommit } from './upstream.ts';
import { commitsOfClone } from './upstream-clone.ts';

export interface ExamineOptions extends AcquireOptions {
  /** A local clone of Linux: diffs and patch-ids then come from it. */
  readonly upstream?: string;
}

/**
 * `base` is what the patches go on top of, its own patches included; null to look at the patches alone. `patches` are
 * paths of files, in the order in which they apply.
 *
 * Throws UserError for a patch that is not there or is none, and for whatever is wrong with the base, BuildError if
 * the base's own patches do not apply, HostFault without patch(1), git or a toolchain. That the patches do not apply is
 * a finding, not an error.
 */
export async function examinePatches(
  base: BuildSource | null,
  patches: readonly string[],
  options: ExamineOptions,
): Promise<PatchReport> {
  return withTemporary(options.cache, async (folder) => {
    const scratch = join(folder, 'tree');
    await mkdir(scratch);
    const read = await readPatches(patches, folder);
    const tried = base === null ? null : await tryOnTree(base, read, scratch, options);
    const names = tried === null ? new Map<string, string>() : await namesInTree(read, tried);
    const changes = changesOfPatches(read, names);
    const known = await knownCommits();
    const { commits, label } =
      options.upstream === undefined
        ? { commits: known, label: `the ${known.length} commits in images/kernels/upstream` }
        : await commitsOfClone(options.upstream, changes, known);
    const one = read.map((patch, index) => onePatch(patch, names, tried?.trials[index]));
    const alike = await likenessOf(changes, read, commits, tried?.before ?? null);
    const applies = tried === null ? null : together(one.map((patch) => patch.applies ?? 'no'));
    return {
      tree: tried?.label ?? null,
      applies,
      patches: one,
      alike,
      related: await relatedCommits(changes, alike, commits, tried?.before ?? null),
      remarks: await remarksOn({ patches: one, applies, changes, alike, view: tried?.after ?? null }),
      upstream: label,
    };
  });
}

interface Tried {
  readonly label: string;
  readonly trials: readonly PatchTrial[];
  readonly before: TreeView;
  readonly after: TreeView;
}

async function tryOnTree(
  base: BuildSource,
  patches: readonly ReadPatch[],
  scratch: string,
  options: ExamineOptions,
): Promise<Tried> {
  const job = await prepareJob(base, options);
  const tree = await ensureTree(job.source, options);
  const { overlay } = await applyPatches(tree, job.patches, { fuzz: base.fuzz, scratch });
  const copied = new Set(job.patches.flatMap((patch) => pathsOf(changesOf(patch))));
  const trials: PatchTrial[] = [];
  for (const { input } of patches) {
    trials.push(await tryPatch(tree, input, { fuzz: base.fuzz, scratch, copied }));
  }
  const files = treeView(tree, scratch, new Set());
  const before: TreeView = {
    text: async (path) => {
      const changed = overlay.get(path);
      if (changed === undefined) return files.text(path);
      return changed.content === null ? null : changed.content.toString('utf8');
    },
  };
  const more = job.patches.length === 0 ? '' : ` with ${job.patches.length} patches`;
  return { label: `${job.source.label}${more}`, trials, before, after: treeView(tree, scratch, copied) };
}

/** The functions of hunks that do not show theirs, by hunk, from where they went in. */
async function namesInTree(patches: readonly ReadPatch[], { trials, after }: Tried): Promise<HunkNames> {
  const names = new Map<string, string>();
  for (const [index, { name, files }] of patches.entries()) {
    for (const trial of trials[index]?.hunks ?? []) {
      const hunk = files.find((file) => (file.newPath ?? file.oldPath) === trial.file)?.hunks[
        trial.number - 1
      ];
      if (hunk === undefined || trial.sides !== null || trial.line === 0 || functionOf(hunk) !== null)
        continue;
      const found = functionAt((await after.text(trial.file)) ?? '', trial.line + firstChange(hunk));
      if (found !== null) names.set(hunkKey(name, trial.file, trial.number), found);
    }
  }
  return names;
}

function onePatch(
  { name, subject, patchId, files }: ReadPatch,
  names: HunkNames,
  trial: PatchTrial | undefined,
): OnePatch {
  let at = 0;
  const hunks = files.flatMap((file) =>
    file.hunks.map((hunk, index): HunkReport => {
      const tried = trial?.hunks[at];
      at += 1;
      const path = file.newPath ?? file.oldPath ?? '';
      return {
        file: path,
        number: index + 1,
        function: functionOf(hunk) ?? names.get(hunkKey(name, path, index + 1)) ?? null,
        state: tried?.state ?? null,
        line: tried?.line ?? null,
        fuzz: tried?.fuzz ?? 0,
        offset: tried?.offset ?? 0,
        sides: tried?.sides ?? null,
      };
    }),
  );
  return { name, subject, patchId, applies: trial === undefined ? null : appliesOf(trial), hunks };
}

function appliesOf({ hunks, applied }: PatchTrial): Applies {
  const has = (state: HunkTrial['state']): boolean => hunks.some((hunk) => hunk.state === state);
  if (hunks.length > 0 && hunks.every(({ state }) => state === 'already-there')) return 'already-there';
  if (!applied || has('already-there')) return 'no';
  if (has('fuzz')) return 'with-fuzz';
  return has('offset') ? 'shifted' : 'exactly';
}

/** Of a series: the worst; a part that is there already keeps the whole from applying as it is. */
function together(all: readonly Applies[]): Applies {
  if (all.every((one) => one === 'already-there')) return 'already-there';
  if (all.includes('no') || all.includes('already-there')) return 'no';
  if (all.includes('with-fuzz')) return 'with-fuzz';
  return all.includes('shifted') ? 'shifted' : 'exactly';
}

async function likenessOf(
  changes: Changes,
  read: readonly ReadPatch[],
  commits: readonly UpstreamCommit[],
  base: TreeView | null,
): Promise<Likeness[]> {
  const ids = new Set(read.map(({ patchId }) => patchId).filter((id) => id !== null));
  const ranked = commits
    .map((commit) => ({ commit, comparison: compareChanges(changes, commit.changes) }))
    .filter(({ commit, comparison }) => hasId(ids, commit) || isAlike(comparison))
    .sort((a, b) => rank(ids, b) - rank(ids, a));
  // A commit tells nothing new if those before it account for all that it has in common with the patch.
  const seen = new Set<unknown>();
  const alike = ranked.filter(({ commit, comparison }) => {
    const fresh = [...comparison.used].some((line) => !seen.has(line)) || hasId(ids, commit);
    if (comparison.complete) for (const line of comparison.used) seen.add(line);
    return fresh;
  });
  return Promise.all(
    alike.map(async ({ commit, comparison }): Promise<Likeness> => {
      const { id, title, release, partial } = commit;
      const { reverse, complete, hunks } = comparison;
      // Of a series that is two commits, one is not extra beside the other.
      const others = alike.filter((one) => one.comparison.reverse === reverse);
      const extra = extraHunks(changes, new Set(others.flatMap((one) => [...one.comparison.used])));
      const how = hasId(ids, commit) ? 'patch-id' : 'hunks';
      const inTree = base === null ? null : await presenceOf(commit.changes, base);
      return { id, title, release, how, reverse, complete, partial, inTree, hunks, extra };
    }),
  );
}

function hasId(ids: ReadonlySet<string>, { patchId }: UpstreamCommit): boolean {
  return patchId !== null && ids.has(patchId);
}

function rank(
  ids: ReadonlySet<string>,
  { commit, comparison }: { commit: UpstreamCommit; comparison: Comparison },
): number {
  const share = comparison.of === 0 ? 0 : comparison.found / comparison.of;
  return (hasId(ids, commit) ? 10_000 : 0) + share * 1000 + comparison.found;
}
