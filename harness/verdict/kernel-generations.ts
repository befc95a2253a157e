/**
 * What each generation of kernels does between init_tsc_clocksource() and the registration of tsc.
 * Data only. Read from arch/x86/kernel/tsc.c, arch/x86/kernel/kvmclock.c and kernel/time/clocksource.c of the
 * versions named.
 */
import { relativeLimit, SMI_TRESHOLD } from '../base/kernel-constants.ts';
import type { KernelVersion } from '../evidence/facts/types.ts';

export { parseRelease } from '../evidence/facts/kernel.ts';
export type { KernelVersion };

export interface KernelGeneration {
  readonly name: string;
  /** A sample is rejected when reading it took longer: 50,000 cycles, or tsc_khz >> 5 cycles (31.25 us). */
  readonly sampleLimit: '50000-cycles' | 'khz-shift-5' | 'unknown';
  /** A rejected stop sample registers tsc unrefined, or starts all over again. */
  readonly stopRejected: 'unrefined' | 'restart' | 'unknown';
  /** The CPU capability that registers tsc at initcall, without refinement. */
  readonly atOnce: 'TSC_RELIABLE' | 'TSC_KNOWN_FREQ' | 'unknown';
  /** kvmclock.c kvm_get_tsc_khz() sets TSC_KNOWN_FREQ (e10f78050323). */
  readonly kvmKnowsFrequency: boolean | 'unknown';
  /** A clocksource named tsc-early stands in until tsc is registered (aa7b630ea881, v4.16). */
  readonly tscEarly: boolean;
}

type Test = (v: KernelVersion) => boolean;

const upstream = (v: KernelVersion): boolean => v.el === null || v.el.release > 8;
const el =
  (release: number, from: number, to: number): Test =>
  (v) =>
    v.el?.release === release && v.el.build >= from && v.el.build <= to;
/** Versions from `a` up to and including `b`, each as major, minor, patch. */
const between =
  (a: readonly [number, number, number], b: readonly [number, number, number]): Test =>
  (v) =>
    upstream(v) && order(v) >= rank(a) && order(v) <= rank(b);
const order = (v: KernelVersion): number => rank([v.major, v.minor, v.patch]);
const rank = ([a, b, c]: readonly [number, number, number]): number => (a * 10_000 + b) * 100_000 + c;

const OLD: Omit<KernelGeneration, 'name'> = {
  sampleLimit: '50000-cycles',
  stopRejected: 'unrefined',
  atOnce: 'TSC_RELIABLE',
  kvmKnowsFrequency: false,
  tscEarly: false,
};
const RELATIVE_LIMIT = { sampleLimit: 'khz-shift-5', stopRejected: 'restart' } as const;
const KNOWN_FREQ = { ...OLD, atOnce: 'TSC_KNOWN_FREQ' } as const;
const NEW: Omit<KernelGeneration, 'name'> = {
  ...KNOWN_FREQ,
  ...RELATIVE_LIMIT,
  kvmKnowsFrequency: true,
  tscEarly: true,
};
const MAX = 99_999;

const ERAS: readonly (readonly [Test, KernelGeneration])[] = [
  [el(7, 0, 957), { name: 'RHEL 7.0 to 7.6', ...OLD }],
  // 3.10.0-1062 (7.7), -1127 (7.8), -1160 (7.9) carry a786ef152cdc; in between it came in is not known.
  [el(7, 1062, MAX), { name: 'RHEL 7.7 to 7.9', ...OLD, ...RELATIVE_LIMIT }],
  [
    el(7, 958, 1061),
    { name: 'RHEL 7 between 7.6 and 7.7', ...OLD, sampleLimit: 'unknown', stopRejected: 'unknown' },
  ],
  [el(8, 0, MAX), { name: 'RHEL 8 (4.18)', ...NEW }],
  [between([2, 6, 38], [4, 0, MAX]), { name: 'up to 4.0', ...OLD }],
  [between([4, 1, 0], [4, 9, MAX]), { name: '4.1 to 4.9', ...OLD }],
  [between([4, 10, 0], [4, 13, MAX]), { name: '4.10 to 4.13', ...KNOWN_FREQ }],
  [between([4, 14, 0], [4, 14, 24]), { name: '4.14 up to .24', ...KNOWN_FREQ }],
  [
    between([4, 14, 25], [4, 14, 66]),
    { name: '4.14.25 to .66', ...KNOWN_FREQ, kvmKnowsFrequency: 'unknown' },
  ],
  [between([4, 14, 67], [4, 14, MAX]), { name: '4.14.67 and later', ...KNOWN_FREQ, kvmKnowsFrequency: true }],
  [between([4, 15, 0], [4, 15, MAX]), { name: '4.15', ...KNOWN_FREQ }],
  [between([4, 16, 0], [4, 17, MAX]), { name: '4.16 and 4.17', ...KNOWN_FREQ, tscEarly: true }],
  [
    between([4, 18, 0], [4, 20, MAX]),
    { name: '4.18 to 4.20', ...KNOWN_FREQ, kvmKnowsFrequency: true, tscEarly: true },
  ],
  [between([5, 0, 0], [MAX, 0, 0]), { name: '5.0 and later', ...NEW }],
];

/** Null if the version is not known or older than refinement itself (v2.6.38). */
export function generationOf(version: KernelVersion | null): KernelGeneration | null {
  if (version === null) return null;
  return ERAS.find(([test]) => test(version))?.[1] ?? null;
}

/** The longest a sample may take, TSC cycles; null if the era or the frequency is not known. */
export function sampleLimitCycles(era: KernelGeneration, khz: number | null): number | null {
  if (era.sampleLimit === '50000-cycles') return SMI_TRESHOLD;
  return era.sampleLimit === 'khz-shift-5' && khz !== null ? relativeLimit(khz) : null;
}

/**
 * How far the watchdog lets a clocksource be away from the reference in one check, ns; null if the version does not tell.
 * clocksource.c: WATCHDOG_THRESHOLD (NSEC_PER_SEC >> 4) up to 5.12; from 5.13 on (2e27e793e280) the margins of both, 50 to
 * 125 us times two each. Vendors took the newer one into older kernels.
 */
export function watchdogLimit(
  v: KernelVersion | null,
): { readonly ns: number; readonly text: string } | null {
  if (v === null || v.el?.release === 8) return null;
  return rank([v.major, v.minor, 0]) < rank([5, 13, 0])
    ? { ns: 62_500_000, text: '62.5 ms' }
    : { ns: 500_000, text: '0.2 to 0.5 ms' };
}

/** kvmclock.c kvmclock_init(): 299 with an invariant TSC, from 7539b174aef4 (5.1; RHEL 8) on. */
export function lowersKvmClock(v: KernelVersion | null): boolean {
  return v === null || (v.el === null ? rank([v.major, v.minor, 0]) >= rank([5, 1, 0]) : v.el.release >= 8);
}

/** Ratings of the x86 clocksources that can stand above or below tsc (300), from their drivers. */
export const RATINGS: Readonly<Record<string, number>> & { readonly tsc: number } = {
  tsc: 300,
  'tsc-early': 299,
  'kvm-clock': 400,
  xen: 400,
  hyperv_clocksource_tsc_page: 400,
  hyperv_clocksource: 400,
  hyperv_clocksource_msr: 400,
  'vmware-tsc': 300,
  hpet: 250,
  acpi_pm: 200,
  pit: 110,
  'refined-jiffies': 2,
  jiffies: 1,
};
