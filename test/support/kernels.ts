/** Real kernels for tests that boot: Debian's own, through the same cache as the product's. */
import { openCache } from '../../harness/host/cache.ts';
import { acquireKernel } from '../../harness/kernel/acquire.ts';
import type { KernelImage } from '../../harness/kernel/types.ts';

/** Linux 6.1 and the newest there is. */
export type Suite = 'bookworm' | 'trixie-backports';

export async function debianKernel(suite: Suite): Promise<KernelImage> {
  const source = { kind: 'debian', package: 'linux-image-cloud-amd64', suite } as const;
  return acquireKernel({ name: `debian-${suite}`, source }, { cache: await openCache() });
}
