/** Runs tasks side by side within what CPUs and memory allow. */

import { availableParallelism, freemem } from 'node:os';
import { stoppedBy } from '../host/interruption.ts';

/** QEMU itself, its translation cache (TCG's default is up to a quarter of the guest's memory) and firmware. */
const QEMU_OVERHEAD_MIB = 192;
const MIB = 1024 * 1024;

/** How many guests of this size may run at once here, at least one. */
export function defaultJobs(largestGuestMiB: number): number {
  const byMemory = Math.floor((freemem() * 0.8) / MIB / (largestGuestMiB + QEMU_OVERHEAD_MIB));
  return Math.max(1, Math.min(availableParallelism(), byMemory));
}

/**
 * Runs `work` on each item in order, at most `jobs` at once. The first error stops what has not begun, and is
 * thrown after what has begun is over; nothing is left running.
 */
export async function runInParallel<T>(
  items: readonly T[],
  jobs: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  let failed: { readonly error: unknown } | null = null;
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (failed !== null) return;
      try {
        await work(item);
      } catch (error) {
        failed ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, items.length) }, worker));
  if (failed !== null) throw (failed as { error: unknown }).error;
}

/**
 * Runs two works side by side. If one fails, the other is told to stop, and the first error is thrown when both
 * are over; nothing is left running, and no error is lost.
 */
export async function runBoth<A, B>(one: () => Promise<A>, other: () => Promise<B>): Promise<[A, B]> {
  const stop = new AbortController();
  let failed: { readonly error: unknown } | null = null;
  const watched = <T>(work: () => Promise<T>): Promise<T> =>
    stoppedBy(stop.signal, work).catch((error: unknown) => {
      failed ??= { error };
      stop.abort();
      throw error;
    });
  const results = await Promise.allSettled([watched(one), watched(other)]);
  if (failed !== null) throw (failed as { error: unknown }).error;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as [A, B];
}
