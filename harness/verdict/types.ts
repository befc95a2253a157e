import type { Registration, TestState, Verdict } from '../matrix/types.ts';
import type { Cause } from './causes.ts';
import type { ClockFacts } from './clock.ts';
import type { Citation, Confidence } from './deduction.ts';

export { CAUSES, type Cause } from './causes.ts';
export type { Citation, Confidence } from './deduction.ts';

export interface Diagnosis {
  readonly registration: Registration;
  /** The current clocksource, null if the text does not tell. */
  readonly current: string | null;
  readonly available: readonly string[] | null;
  readonly cause: Cause;
  readonly confidence: Confidence;
  readonly evidence: readonly Citation[];
  /** What it is not, although it may look like it; each a sentence. */
  readonly not: readonly string[];
  /** What to do or send next; each a sentence, most useful first. */
  readonly next: readonly string[];
  /** One or two sentences for people. */
  readonly summary: string;
}

/** A setting that was asked for and is not what the guest or QEMU shows. */
export interface Difference {
  readonly what: string;
  readonly asked: string;
  readonly got: string;
  /** Who said so: "guest" or "qmp". */
  readonly seenBy: string;
}

/** One test of the user's own, in one boot. */
export interface TestResult {
  readonly name: string;
  readonly state: TestState;
  /** One sentence: how it ended. */
  readonly reason: string;
  /** Guest time that it took, ms; null if it did not end. */
  readonly ms: number | null;
  /** Of its files, libraries and arguments. */
  readonly sha256: string;
  /** Its own results by KTAP or TAP: TEST.PART. */
  readonly parts: readonly { readonly name: string; readonly state: TestState; readonly line: number }[];
  /** What it wrote as NAME=VALUE. */
  readonly numbers: readonly { readonly name: string; readonly value: number; readonly line: number }[];
  /** Lines of the console that tell why it is no pass. */
  readonly evidence: readonly Citation[];
}

/** What was observed of one boot of a cell. */
export interface Observation {
  readonly verdict: Verdict;
  /** One sentence: how the verdict came about. */
  readonly reason: string;
  readonly current: string | null;
  readonly available: readonly string[] | null;
  /** The frequency the kernel settled on, kHz. */
  readonly kernelKhz: number | null;
  /** The true frequency, kHz, and how it is known. */
  readonly trueKhz: number | null;
  readonly trueKhzFrom: string | null;
  /** The kernel's own error: against what it was told, or where it was told nothing, against the true frequency. Null: not known. */
  readonly ppm: number | null;
  /** How far `ppm` may be off, in real time; absent where it is exact but for the kernel's whole kHz. */
  readonly ppmWithin?: number;
  /** What the hypervisor told the kernel, kHz; null where it told nothing. Absent in the first records. */
  readonly toldKhz?: number | null;
  /** What it was told against the true frequency: the host's or the appliance's error, not the kernel's. */
  readonly toldPpm?: number | null;
  /** How often firmware and kernel read each reference counter, counted from outside; null or absent where nothing counts. */
  readonly readCounts?: { readonly pm: number; readonly hpet: number } | null;
  /** What the probe measured of the clock itself; null where it did not, absent in the first records. */
  readonly clock?: ClockFacts | null;
  /** What the user's own tests came to; absent where there were none. */
  readonly tests?: readonly TestResult[];
  readonly diagnosis: Diagnosis | null;
  readonly differences: readonly Difference[];
}

/** An observation against its expectation. */
export const OUTCOMES = ['expected', 'unexpected', 'flaky', 'skipped', 'infra-error'] as const;
export type Outcome = (typeof OUTCOMES)[number];
