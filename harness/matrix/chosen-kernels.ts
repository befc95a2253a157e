/** The kernels of a matrix that --kernel chooses. */
import { UserError } from '../base/errors.ts';
import { globTest } from '../base/glob.ts';
import { suggestion } from '../base/suggest.ts';
import type { KernelEntry, Matrix } from './types.ts';

/** All if there is no glob. Throws UserError for a glob that chooses none. */
export function chosenKernels(
  { path, kernels }: Pick<Matrix, 'path' | 'kernels'>,
  globs: readonly string[],
): readonly KernelEntry[] {
  const names = kernels.map(({ name }) => name);
  const tests = globs.map(globTest);
  const useless = globs.find((_, i) => !names.some((name) => tests[i]?.(name)));
  if (useless !== undefined)
    throw new UserError(`--kernel: ${path} has no kernel ${useless}`, suggestion(useless, names));
  return globs.length === 0 ? kernels : kernels.filter(({ name }) => tests.some((test) => test(name)));
}
