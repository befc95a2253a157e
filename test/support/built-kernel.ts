/** A kernel that is built here, for tests that need many boots: it boots in a fraction of a distribution kernel's time. */
import { openCache } from '../../harness/host/cache.ts';
import { acquireKernel, type KernelImage } from '../../harness/kernel/acquire.ts';
import { loadMatrix } from '../../harness/matrix/load.ts';

const MATRIX = new URL('../../matrices/seed.yaml', import.meta.url).pathname;

/** The seed's kernel with both fixes, from the cache that all tests share; minutes where it is not there yet. */
export async function builtKernel(): Promise<KernelImage> {
  const entry = (await loadMatrix(MATRIX)).kernels.find(({ name }) => name === 'upstream-fixed');
  if (entry === undefined) throw new Error(`${MATRIX} has no such kernel`);
  return acquireKernel(entry, { cache: await openCache() });
}
