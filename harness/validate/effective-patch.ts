/**
 * What a backport comes to as a patch if it is not given as one: the difference between two kernels of the same
 * source, whose own patches have been applied.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { withTemporary } from '../host/cache.ts';
import { type Job, prepareJob } from '../kernel/make/job.ts';
import { applyPatches, type Overlay, readChanged } from '../kernel/patch/apply.ts';
import { git } from '../kernel/tree/git.ts';
import { ensureTree } from '../kernel/tree/trees.ts';
import type { AcquireOptions } from '../kernel/types.ts';
import type { BuildSource, KernelEntry } from '../matrix/types.ts';
import type { Backport } from './kernels.ts';
import { type ExamineOptions, examinePatches } from './patch/examine.ts';
import type { PatchReport } from './patch/types.ts';

async function overlayOf(job: Job, tree: string, scratch: string): Promise<Overlay> {
  await mkdir(scratch);
  return (await applyPatches(tree, job.patches, { fuzz: job.recipe.fuzz, scratch })).overlay;
}

async function contentOf(overlay: Overlay, tree: string, path: string): Promise<string> {
  const changed = overlay.get(path);
  if (changed !== undefined) return changed.content?.toString('utf8') ?? '';
  return (await readChanged(tree, path)).content?.toString('utf8') ?? '';
}

/** A backport on a branch is of another source, and git knows the difference. More than this is no backport. */
const MOST_BYTES = 1024 * 1024;

async function writeGitDiff(
  { source: base, patches: own }: Job,
  { source: backport, patches }: Job,
  target: string,
): Promise<{ readonly kind: 'patch' | 'same' | 'other-source' }> {
  const [from, to] = [base.git, backport.git];
  const isSame =
    own.length === patches.length && own.every(({ sha256 }, at) => sha256 === patches[at]?.sha256);
  if (from === undefined || to === undefined || from.repository !== to.repository || !isSame)
    return { kind: 'other-source' };
  const place = { repository: from.repository };
  const text = await git(place, ['diff', '--no-ext-diff', '--no-color', from.commit, to.commit]);
  if (text === '') return { kind: 'same' };
  if (text.length > MOST_BYTES) return { kind: 'other-source' };
  await writeFile(target, text);
  return { kind: 'patch' };
}

/**
 * Writes the patch to `target`, with paths as git has them; nothing if the two are the same, or of different sources. Throws as a build of either does if a patch of its own does not apply.
 */
async function writeEffectivePatch(
  base: BuildSource,
  backport: BuildSource,
  target: string,
  options: AcquireOptions,
): Promise<{ readonly kind: 'patch' | 'same' | 'other-source' }> {
  const [one, other] = [await prepareJob(base, options), await prepareJob(backport, options)];
  if (one.source.digest !== other.source.digest) return writeGitDiff(one, other, target);
  const tree = await ensureTree(one.source, options);
  return withTemporary(options.cache, async (folder) => {
    const before = await overlayOf(one, tree, join(folder, 'base'));
    const after = await overlayOf(other, tree, join(folder, 'backport'));
    const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
    let text = '';
    for (const path of paths) {
      const [a, b] = [await contentOf(before, tree, path), await contentOf(after, tree, path)];
      if (a === b) continue;
      const names = [a === '' ? '/dev/null' : `a/${path}`, b === '' ? '/dev/null' : `b/${path}`] as const;
      const made = createTwoFilesPatch(names[0], names[1], a, b, '', '', { context: 3 });
      // The line of "=" above the names is svn's; git's own is what patch-id goes by.
      text += `diff --git a/${path} b/${path}\n${made.replace(/^=+\n/, '')}`;
    }
    if (text === '') return { kind: 'same' };
    await writeFile(target, text);
    return { kind: 'patch' };
  });
}

/** A backport looked at as a patch, however it was given. */
export interface Examined {
  /** Null if it is a kernel of another source than the base, or is not built here. */
  readonly report: PatchReport | null;
  /** It is the base itself: nothing differs. */
  readonly isSame: boolean;
}

/** `target` is where the difference of two kernels is written as a patch. Throws as a build of either would. */
export async function examineBackport(
  base: KernelEntry,
  { entry, patches }: Backport,
  target: string,
  options: ExamineOptions,
): Promise<Examined> {
  if (base.source.kind !== 'build') return { report: null, isSame: false };
  if (patches !== null) return { report: await examinePatches(base.source, patches, options), isSame: false };
  if (entry.source.kind !== 'build') return { report: null, isSame: false };
  const written = await writeEffectivePatch(base.source, entry.source, target, options);
  if (written.kind !== 'patch') return { report: null, isSame: written.kind === 'same' };
  return { report: await examinePatches(base.source, [target], options), isSame: false };
}
