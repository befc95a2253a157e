/** Builds kernels, one after the other, and says what became of each. */
import { HostFault } from '../base/errors.ts';
import type { KernelEntry } from '../matrix/types.ts';
import { acquireKernel, BuildError, type KernelImage } from './acquire.ts';
import type { AcquireOptions } from './types.ts';

/** One kernel: its image, or why there is none. `seconds` is what getting it took, from the cache or not. */
export interface BuildRow {
  readonly name: string;
  readonly image?: KernelImage;
  readonly error?: BuildError | HostFault;
  readonly seconds: number;
}

/** `onFault` is told of each failure as it comes. */
export async function buildAll(
  entries: readonly KernelEntry[],
  options: AcquireOptions,
  onFault: (error: BuildError | HostFault) => void,
): Promise<BuildRow[]> {
  const rows: BuildRow[] = [];
  // Not at once: each uses all CPUs, and kernels of one source share a folder.
  for (const entry of entries) {
    const startedMs = performance.now();
    const seconds = (): number => Math.round((performance.now() - startedMs) / 10) / 100;
    const onProgress = (text: string): void => options.onProgress?.(`${entry.name}: ${text}`);
    try {
      const image = await acquireKernel(entry, { ...options, onProgress });
      rows.push({ name: entry.name, image, seconds: seconds() });
    } catch (error) {
      if (!(error instanceof BuildError || error instanceof HostFault)) throw error;
      onFault(error);
      rows.push({ name: entry.name, error, seconds: seconds() });
    }
  }
  return rows;
}
