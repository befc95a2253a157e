/** Sweeps kernels: the margin of each, the curve around it, and what disturbances do. */
import { join } from 'node:path';
import type { KernelImage } from '../kernel/acquire.ts';
import { checkGuest, delayOf } from '../lab/margin/guests.ts';
import type { Reference } from '../lab/margin/limits.ts';
import { type Margin, measureMargin } from '../lab/margin/margin.ts';
import { bootPoint, type Point } from '../lab/margin/point.ts';
import type { Runner } from '../lab/runner.ts';
import { runInParallel } from '../lab/schedule.ts';
import type { Disturbance, GuestSpec } from '../matrix/types.ts';

/** A disturbance, and the plain delay that it comes on top of, ns per read. */
export interface Disturbed {
  readonly delayNs: number;
  readonly disturbance: Disturbance;
}

export interface SweepOptions {
  readonly guest: GuestSpec;
  readonly references: readonly Reference[];
  readonly stepNs: number;
  readonly maxNs: number;
  readonly repeat: number;
  /** Points of the curve beside those that the margin took. */
  readonly points: number;
  readonly disturbances: readonly Disturbed[];
  readonly jobs: number;
  /** Boots are kept in boots/KERNEL below it. */
  readonly folder: string;
  readonly onProgress: (kernel: string, text: string) => void;
  readonly onPoint?: (kernel: string, point: Point) => void;
}

export interface SweptReference {
  readonly margin: Margin;
  /** In the order of the delay. */
  readonly curve: readonly Point[];
  readonly disturbed: readonly Point[];
}

export interface SweptKernel {
  readonly kernel: KernelImage;
  readonly references: readonly SweptReference[];
}

/** In the order of `kernels`. Throws HostFault if the host fails again and again; nothing is left running then. */
export async function sweep(
  runner: Runner,
  kernels: readonly KernelImage[],
  options: SweepOptions,
): Promise<SweptKernel[]> {
  for (const reference of options.references) checkGuest(options.guest, reference);
  const swept = new Map<KernelImage, SweptKernel>();
  await runInParallel(kernels, options.jobs, async (kernel) => {
    const references: SweptReference[] = [];
    for (const reference of options.references) {
      references.push(await sweepReference(runner, kernel, reference, references, options));
    }
    swept.set(kernel, { kernel, references });
  });
  return kernels.flatMap((kernel) => swept.get(kernel) ?? []);
}

async function sweepReference(
  runner: Runner,
  kernel: KernelImage,
  reference: Reference,
  before: readonly SweptReference[],
  options: SweepOptions,
): Promise<SweptReference> {
  const { guest, repeat, stepNs, maxNs } = options;
  const onProgress = (text: string): void => options.onProgress(kernel.name, text);
  const how = {
    kernelPath: kernel.path,
    guest,
    reference,
    repeat,
    folder: join(options.folder, 'boots', kernel.name),
    name: `boots/${kernel.name}`,
    onProgress,
  };
  const onPoint = (point: Point): void => options.onPoint?.(kernel.name, point);
  const margin = await measureMargin(runner, kernel.path, guest, {
    ...how,
    stepNs,
    maxNs,
    known: knownLimits(before),
    onPoint,
  });
  const curve: Point[] = [];
  for (const delayNs of curveDelays(margin, options.points)) {
    const { point } = await bootPoint(runner, how, delayOf(reference, delayNs), 'curve');
    curve.push(point);
    onPoint(point);
  }
  const disturbed: Point[] = [];
  for (const { delayNs, disturbance } of options.disturbances) {
    const refDelay = delayOf(reference, delayNs, disturbance);
    const { point } = await bootPoint(runner, how, refDelay, 'disturbance');
    disturbed.push(point);
    onPoint(point);
  }
  return { margin, curve, disturbed };
}

/** A limit that was found by one counter is likely that of the other as well: it is in cycles. */
function knownLimits(before: readonly SweptReference[]): Record<string, number> {
  const known: Record<string, number> = {};
  for (const { margin } of before) {
    if (margin.agrees !== null || margin.limitCycles === null) continue;
    const { from, to } = margin.limitCycles;
    known[`${NAMES[margin.reference]}: about ${Math.round((from + to) / 2)} cycles`] = (from + to) / 2;
  }
  return known;
}

export const NAMES: Readonly<Record<Reference, string>> = { pm: 'PM timer', hpet: 'HPET' };

/** As shares of the margin, for as many points as are wanted. */
const AROUND = [0.5, 1.5, 0.75, 1.25, 0.25, 2, 0.9, 1.1, 3, 0.1];
/** If there is no margin: shares of the largest delay. */
const UP_TO = [0.01, 0.1, 0.001, 0.5, 0.03, 0.3, 0.003, 0.7, 0.0003, 0.9];

/** Whole steps, none that was booted already, in order. */
export function curveDelays(margin: Margin, count: number): number[] {
  const { outcome, registersUpToNs, stepNs, maxNs, points } = margin;
  const booted = new Set(points.filter(({ of }) => of === 'search').map(({ delayNs }) => delayNs));
  const [shares, whole] = outcome === 'flips' ? [AROUND, registersUpToNs ?? 0] : [UP_TO, maxNs];
  const delays = shares
    .map((share) => Math.round((share * whole) / stepNs) * stepNs)
    .filter((delay) => delay > 0 && delay <= maxNs && !booted.has(delay));
  return [...new Set(delays)].slice(0, count).toSorted((a, b) => a - b);
}
