/**
 * What a sweep found, as data. Everything in it is made by its inputs alone: in deterministic time two sweeps give the same
 * bytes. What differs between them (times, folders, this host) is in SweepTimes.
 */

import { sha256OfFile } from '../host/digest.ts';
import type { KernelImage } from '../kernel/acquire.ts';
import { cellText } from '../lab/cell-spec.ts';
import type { Ready } from '../lab/make-ready.ts';
import { errorPpm, sampleErrors } from '../lab/margin/error.ts';
import type { Reference } from '../lab/margin/limits.ts';
import type { Margin } from '../lab/margin/margin.ts';
import type { Point } from '../lab/margin/point.ts';
import { durationText } from '../matrix/duration.ts';
import { refDelayText } from '../matrix/ref-delay.ts';
import type { GuestSpec } from '../matrix/types.ts';
import type { SweepOptions, SweptKernel, SweptReference } from './sweep.ts';

const REPORT_VERSION = 1;

/** A boot under a disturbance, and what arithmetic makes of it. */
interface DisturbedPoint {
  readonly point: Point;
  /** Of the frequency, ppm: the disturbance's time over that between the samples; null if it is unavailable. */
  readonly byArithmeticPpm: number | null;
}

export interface ReferenceReport {
  readonly margin: Margin;
  readonly curve: readonly Point[];
  readonly disturbed: readonly DisturbedPoint[];
}

export interface KernelReport {
  readonly name: string;
  readonly release: string;
  readonly origin: string;
  readonly sha256: string;
  readonly references: readonly ReferenceReport[];
}

export interface SweepReport {
  readonly version: typeof REPORT_VERSION;
  /** As --cell takes it, and all of it. */
  readonly cell: string;
  readonly guest: GuestSpec;
  readonly options: {
    readonly references: readonly Reference[];
    readonly stepNs: number;
    readonly maxNs: number;
    readonly repeat: number;
    readonly points: number;
    readonly disturb: readonly string[];
  };
  readonly inputs: SweepInputs;
  readonly kernels: readonly KernelReport[];
}

/** What the guests ran on and in, by digest. */
interface SweepInputs {
  readonly initramfs: string;
  /** The program that --qemu names, if a guest ran on it directly. */
  readonly qemu: string | null;
  readonly pinnedQemu: { readonly version: string; readonly sha256: string } | null;
  readonly appliance: {
    readonly kernelRelease: string;
    readonly qemuVersion: string;
    readonly sha256: string;
  } | null;
}

export interface SweepTimes {
  readonly at: string;
  readonly seconds: number;
  readonly folder: string;
  readonly boots: number;
}

/** `qemu` is the program's path if it ran a guest itself. */
export async function inputsOf(ready: Ready, qemu: string | null): Promise<SweepInputs> {
  const { appliance, nested } = ready;
  const made = nested.appliance instanceof Error ? null : nested.appliance;
  const pinned =
    nested.pinned === null || nested.pinned instanceof Error ? (made?.emulator ?? null) : nested.pinned;
  return {
    initramfs: await sha256OfFile(ready.initrdPath),
    qemu: qemu === null ? null : await sha256OfFile(qemu),
    pinnedQemu: pinned === null ? null : { version: pinned.version, sha256: pinned.sha256 },
    appliance:
      appliance === null
        ? null
        : {
            kernelRelease: appliance.kernelRelease,
            qemuVersion: appliance.qemuVersion,
            sha256: appliance.sha256,
          },
  };
}

export function reportOf(
  swept: readonly SweptKernel[],
  options: SweepOptions,
  inputs: SweepInputs,
): SweepReport {
  const { guest, references, stepNs, maxNs, repeat, points, disturbances } = options;
  const disturb = disturbances.map(({ delayNs, disturbance }) =>
    refDelayText({ pmNs: delayNs, hpetNs: delayNs, disturbance }),
  );
  return {
    version: REPORT_VERSION,
    cell: cellText(guest),
    guest,
    options: { references, stepNs, maxNs, repeat, points, disturb },
    inputs,
    kernels: swept.map(({ kernel, references: each }) => ({
      ...identity(kernel),
      references: each.map(referenceReport),
    })),
  };
}

function identity({ name, release, origin, sha256 }: KernelImage): Omit<KernelReport, 'references'> {
  return { name, release: release.split(' ')[0] ?? '', origin, sha256 };
}

function referenceReport({ margin, curve, disturbed }: SweptReference): ReferenceReport {
  return {
    margin,
    curve,
    disturbed: disturbed.map((point) => ({ point, byArithmeticPpm: byArithmetic(margin, point) })),
  };
}

/** Only if one boot shows it: the reads are counted, and the samples' time apart is in the log. */
function byArithmetic(margin: Margin, { refDelay, delayNs, boots }: Point): number | null {
  const { reference, readsBefore, sampleCycles, khz, limitCycles, outcome } = margin;
  const [boot] = boots;
  if (boot === undefined || boots.length > 1 || boot.verdict !== 'refined' || boot.apartS === null)
    return null;
  if (readsBefore === null || sampleCycles === null || khz === null || refDelay.disturbance === null)
    return null;
  if (outcome !== 'flips' && outcome !== 'never-stops') return null;
  const limit = limitCycles === null ? null : limitCycles.to;
  const refinement = { reference, before: readsBefore, sampleCycles, khz, limitCycles: limit };
  const errors = sampleErrors(refinement, delayNs, refDelay.disturbance);
  // A retry a second later, or another reader in between, is another story than the arithmetic tells.
  if (errors === null || errors.reads !== boot.reads?.[reference]) return null;
  return Math.round(errorPpm(errors, boot.apartS) * 10) / 10;
}

/** The margin as people say it: "12.2us to 12.3us", "above 5ms", "none". */
export function marginText({ outcome, registersUpToNs, stopsFromNs, maxNs }: Margin): string {
  switch (outcome) {
    case 'flips':
      return `${durationText(registersUpToNs ?? 0)} to ${durationText(stopsFromNs ?? 0)}`;
    case 'never-stops':
      return `above ${durationText(maxNs)}`;
    case 'never-registers':
      return 'none';
    case 'unclear':
      return `unclear: above ${durationText(registersUpToNs ?? 0)}`;
  }
}
