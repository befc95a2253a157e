/**
 * The error that a disturbance makes, by arithmetic. tsc_refine_calibration_work() (arch/x86/kernel/tsc.c) divides the TSC
 * cycles between two samples by the reference's time between them. What delays a sample after its reference was read moves its
 * TSC value away from it: D ns in the start sample of two that lie T s apart make the frequency too low by D/T. Pure.
 */

import { MAX_RETRIES } from '../../base/kernel-constants.ts';
import type { Disturbance } from '../../matrix/types.ts';
import { isDisturbed } from './graded.ts';
import { READS_A_SAMPLE, type Reference } from './limits.ts';

export interface Refinement {
  readonly reference: Reference;
  /** Reads before the first try of the start sample. */
  readonly before: number;
  /** Of an undelayed sample, cycles, and the TSC's frequency. */
  readonly sampleCycles: number;
  readonly khz: number;
  /** A sample of so many cycles is rejected; null if nothing is. */
  readonly limitCycles: number | null;
}

/** What the two samples that are accepted are off by, ns; null if one of them is rejected in all its tries. */
interface SampleErrors {
  readonly startNs: number;
  readonly stopNs: number;
  /** From firmware to the accepted stop sample. */
  readonly reads: number;
}

function isLonger(disturbance: Disturbance, reference: Reference, nth: number): boolean {
  if (disturbance.kind === 'every') return nth % disturbance.every === 0;
  return isDisturbed(reference, disturbance.seed, nth, disturbance.probability);
}

export function sampleErrors(
  { reference, before, sampleCycles, khz, limitCycles }: Refinement,
  delayNs: number,
  disturbance: Disturbance,
): SampleErrors | null {
  const each = READS_A_SAMPLE[reference];
  let reads = before;
  const accepted = (): number | null => {
    for (let tries = 0; tries < MAX_RETRIES; tries++) {
      const longer = Array.from({ length: each }, (_, i) => isLonger(disturbance, reference, reads + 1 + i));
      reads += each;
      const ns = each * delayNs + longer.filter(Boolean).length * disturbance.ns;
      if (limitCycles !== null && sampleCycles + (ns * khz) / 1e6 >= limitCycles) continue;
      // acpi_pm_read_verified() gives the second of its three reads: what delays the first comes before that.
      const after = reference === 'pm' ? longer.slice(1) : longer;
      return after.filter(Boolean).length * disturbance.ns;
    }
    return null;
  };
  const startNs = accepted();
  if (startNs === null) return null;
  const stopNs = accepted();
  return stopNs === null ? null : { startNs, stopNs, reads };
}

/** Of the frequency, with samples `apartS` seconds apart. */
export function errorPpm({ startNs, stopNs }: SampleErrors, apartS: number): number {
  return (stopNs - startNs) / 1e3 / apartS;
}
