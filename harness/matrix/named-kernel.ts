/** A kernel of a matrix file by its name. */
import { UserError } from '../base/errors.ts';
import { suggestion } from '../base/suggest.ts';
import { loadMatrix } from './load.ts';
import type { KernelEntry } from './types.ts';

/** Throws MatrixError if the matrix is wrong, UserError if it has no such kernel. */
export async function namedKernel(path: string, name: string): Promise<KernelEntry> {
  const { kernels } = await loadMatrix(path);
  const entry = kernels.find((one) => one.name === name);
  if (entry !== undefined) return entry;
  const names = kernels.map((one) => one.name);
  throw new UserError(`${path} has no kernel ${name}`, suggestion(name, names));
}
