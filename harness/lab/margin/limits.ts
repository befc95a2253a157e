/** The limits that kernels put on a sample of a reference counter, and the delay per read at which each is reached. Pure. */
import { relativeLimit, SMI_TRESHOLD } from '../../base/kernel-constants.ts';
import type { ReadCycles } from '../runner.ts';

/** Which counter the kernel reads: tsc_read_refs() takes the HPET if there is one, else the PM timer. */
export type Reference = 'pm' | 'hpet';

/** Reads in one sample: acpi_pm_read_verified() takes three at least (drivers/clocksource/acpi_pm.c), hpet_readl() is one. */
export const READS_A_SAMPLE: Readonly<Record<Reference, number>> = { pm: 3, hpet: 1 };

interface SourceLimit {
  readonly name: string;
  /** Whose it is. */
  readonly of: string;
  /** In a kernel that was ever released; others are anybody's. */
  readonly released: boolean;
  /** TSC cycles from which on a sample is rejected, at a TSC of so many kHz. */
  readonly cycles: (khz: number) => number;
}

/** arch/x86/kernel/tsc.c of the versions named, tsc_read_refs(); the last is images/kernels/patches/linux-6.1/0003. */
const SOURCE_LIMITS: readonly SourceLimit[] = [
  {
    name: 'tsc_khz >> 5',
    of: '5.0 and later, RHEL 7 from -1062 on',
    released: true,
    cycles: relativeLimit,
  },
  { name: '50,000 cycles', of: 'up to 4.20, RHEL 7 before', released: true, cycles: () => SMI_TRESHOLD },
  {
    name: '5,000,000 cycles',
    of: "the field report's raised threshold",
    released: false,
    cycles: () => 5_000_000,
  },
];

export interface Prediction {
  readonly name: string;
  readonly of: string;
  readonly released: boolean;
  readonly cycles: number;
  /** Delay per read at which a sample takes just so many cycles, ns. */
  readonly flipNs: number;
}

/** Cycles of an undelayed sample; null if the probe could not measure it. */
export function sampleCycles(reference: Reference, undelayed: ReadCycles): number | null {
  return reference === 'pm' ? undelayed.pm3 : undelayed.hpet;
}

/** The delay per read, ns, with which a sample takes `cycles`; `sample` is what it takes undelayed. */
export function flipOf(reference: Reference, cycles: number, sample: number, khz: number): number {
  return ((cycles - sample) / READS_A_SAMPLE[reference] / khz) * 1e6;
}

/** Those that some delay reaches, the smallest first. */
export function predictionsOf(reference: Reference, sample: number, khz: number): Prediction[] {
  return SOURCE_LIMITS.map(({ name, of, released, cycles }) => {
    const limit = cycles(khz);
    return { name, of, released, cycles: limit, flipNs: flipOf(reference, limit, sample, khz) };
  })
    .filter(({ flipNs }) => flipNs > 0)
    .toSorted((a, b) => a.flipNs - b.flipNs);
}
