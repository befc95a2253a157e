/** Before the guest tier: the kernel that most of its tests boot. Where it is not in the cache, it takes minutes that no test has. */
import { builtKernel } from './built-kernel.ts';

export async function setup(): Promise<void> {
  await builtKernel();
}
