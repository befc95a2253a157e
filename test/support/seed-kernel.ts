/** A kernel of the seed by its name, from the cache that all tests share; minutes where it is not there yet. */
import { openCache } from '../../harness/host/cache.ts';
import { acquireKernel, type KernelImage } from '../../harness/kernel/acquire.ts';
import { loadMatrix } from '../../harness/matrix/load.ts';

const MATRIX = new URL('../../matrices/seed.yaml', import.meta.url).pathname;

export async function seedKernel(name: string): Promise<KernelImage> {
  const entry = (await loadMatrix(MATRIX)).kernels.find((each) => each.name === name);
  if (entry === undefined) throw new Error(`${MATRIX} has no kernel ${name}`);
  return acquireKernel(entry, { cache: await openCache() });
}
