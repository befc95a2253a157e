/** A backport looked at as a patch, however it was given. */
import type { KernelEntry } from '../matrix/types.ts';
import { writeEffectivePatch } from './effective-patch.ts';
import type { Backport } from './kernels.ts';
import { type ExamineOptions, examinePatches } from './patch/examine.ts';
import type { PatchReport } from './patch/types.ts';

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
