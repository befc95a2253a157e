/** The clock that the guest's programs get, in the units of the true time: what a call costs, its order, its rate, its jumps. Pure. */
import type { ProbeReport } from '../evidence/report.ts';

/** At what frequency the TSC really runs, and how that is known. */
export interface TrueKhz {
  readonly khz: number;
  readonly from: string;
  /** How far it may be off, ppm; absent in the first records. */
  readonly withinPpm?: number;
}

export interface ClockFacts {
  /** The current clocksource, which all but `calls` is about. */
  readonly source: string;
  /** ns for a clock_gettime(): of the current clocksource, and of tsc where that is another one. */
  readonly calls: readonly ClockCall[];
  /** Readings one after the other, on one CPU or on two in turn: how many, how many of them went back, and how far. */
  readonly order: readonly ClockPairs[];
  /** What the kernel says of the clock, ns; null where the probe did not come so far. */
  readonly resolutionNs: number | null;
  /** Sources against the true time, the current one first: of tsc too, where another one is current. Empty where that is not known. */
  readonly rates: readonly ClockPace[];
  readonly changes: readonly ClockJump[];
}

export interface ClockPace {
  readonly source: string;
  readonly ppm: number;
  readonly withinPpm: number;
  readonly overS: number;
}

export interface ClockCall {
  readonly source: string;
  readonly clock: 'MONOTONIC' | 'REALTIME' | 'MONOTONIC_RAW';
  /** Whether the call was answered without entering the kernel; null where that was not seen. */
  readonly vdso: boolean | null;
  readonly ns: number;
  readonly minNs: number;
}

export interface ClockPairs {
  readonly cpus: string;
  readonly pairs: number;
  readonly back: number;
  readonly worstNs: number;
  /** The least time between two readings that differ: a warp of two CPUs that is less cannot be seen. Null: all were alike. */
  readonly stepNs: number | null;
}

/** A change of the clocksource; `jumpNs` is what the clock lost or gained in it, null where the kernel did not make it. */
export interface ClockJump {
  readonly from: string;
  readonly to: string;
  readonly by: 'kernel' | 'hand';
  readonly jumpNs: number | null;
  readonly withinNs: number | null;
}

const NAMES = { mono: 'MONOTONIC', real: 'REALTIME', raw: 'MONOTONIC_RAW' } as const;
/**
 * What quick_pit_calibrate() (arch/x86/kernel/tsc.c) lets pass: two sources whose rates nobody has measured are taken to be so far
 * apart, and a clock that is off by more has no right frequency. Ppm.
 */
const ESTIMATE_PPM = 500;

const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** Null where the probe measured nothing, as one that was told to be brief. `khz`: the kernel's own, where the true one is not known. */
export function clockOf(report: ProbeReport, truth: TrueKhz | null, khz: number | null): ClockFacts | null {
  const rate = report.rates[0]?.value;
  const tscKhz = truth?.khz ?? khz;
  if (rate === undefined || tscKhz === null) return null;
  const toNs = (cycles: number): number => (cycles / tscKhz) * 1e6;
  const ppmOf = (ns: number, tsc: number): number => (ns / toNs(tsc) - 1) * 1e6;
  const current = ppmOf(rate.ns, rate.tsc);

  const lastByKernel = report.changes.findLastIndex(({ value }) => 'by' in value && value.by === 'kernel');
  const jumps = report.changes.map(({ value }, index): ClockJump => {
    const { from, to } = value;
    if ('error' in value) return { from, to, by: 'hand', jumpNs: null, withinNs: null };
    const before =
      value.sinceTsc > 0 ? ppmOf(value.sinceNs, value.sinceTsc) : from === rate.source ? current : null;
    const after = to === rate.source && (value.by === 'hand' || index === lastByKernel) ? current : null;
    // Somewhere in between the one rate gave way to the other.
    const apart = before === null || after === null ? ESTIMATE_PPM : Math.abs(before - after) / 2;
    const middle = before === null || after === null ? (before ?? after ?? 0) : (before + after) / 2;
    const expected = toNs(value.tsc) * (1 + middle / 1e6);
    return {
      from,
      to,
      by: value.by,
      jumpNs: Math.round(value.ns - expected),
      withinNs: Math.ceil(toNs(value.width) + (toNs(value.tsc) * apart) / 1e6 + 1),
    };
  });
  return {
    source: rate.source,
    calls: report.costs.flatMap(({ value: { source, batch, clocks } }) =>
      (['mono', 'real', 'raw'] as const).flatMap((name) => {
        const cost = clocks[name];
        if (cost === undefined) return [];
        const [ns, minNs] = [cost.median, cost.min].map((cycles) => round(toNs(cycles) / batch));
        const vdso = cost.way === null ? null : cost.way === 'vdso';
        return [{ source, clock: NAMES[name], vdso, ns: ns ?? 0, minNs: minNs ?? 0 }];
      }),
    ),
    order: [
      ...report.orders.map(({ value: { cpus, pairs, back, worst, step } }) => ({
        cpus,
        pairs,
        back,
        worstNs: worst,
        stepNs: step === 0 ? null : step,
      })),
      ...unmeasured(report),
    ],
    resolutionNs: report.orders[0]?.value.resolution ?? null,
    rates: report.rates.flatMap(({ value: { source, ns, tsc, width } }) => {
      if (truth === null) return [];
      const withinPpm = Math.ceil(((width / tsc) * 1e6 + (truth.withinPpm ?? 0)) * 1000) / 1000;
      return [{ source, ppm: round(ppmOf(ns, tsc), 3), withinPpm, overS: round(toNs(tsc) / 1e9, 3) }];
    }),
    changes: jumps,
  };
}

/** The CPUs of a guest that has several, where none was measured against another: no pairs, so that silence does not pass. */
function unmeasured({ cpus, orders }: ProbeReport): ClockPairs[] {
  const online = cpus?.value.online ?? '';
  const several = /[-,]/.test(online) && orders.length > 0;
  return several && !orders.some(({ value }) => value.cpus.includes(','))
    ? [{ cpus: online, pairs: 0, back: 0, worstNs: 0, stepNs: null }]
    : [];
}

/** What a call for CLOCK_MONOTONIC takes with the current clocksource; undefined where that was not measured. */
export function ownCall({ source, calls }: ClockFacts): ClockCall | undefined {
  return calls.find((call) => call.source === source && call.clock === 'MONOTONIC');
}

export function worstOrder({ order }: ClockFacts): ClockPairs | undefined {
  return order.filter(({ back }) => back > 0).toSorted((a, b) => b.worstNs - a.worstNs)[0];
}

/** Surely off by more than any kernel's first estimate. */
export function isOffRate({ ppm, withinPpm }: ClockPace): boolean {
  return Math.abs(ppm) - withinPpm > ESTIMATE_PPM;
}

/** What does not vary from one boot of a guest to the next, and with `exact` all: to hold two runs beside each other. */
export function clockKind(clock: ClockFacts, exact: boolean): string {
  const call = ownCall(clock);
  const parts = [
    call?.vdso == null ? 'way not seen' : call.vdso ? 'vDSO' : 'syscall',
    exact && call !== undefined ? `${call.ns} ns` : '',
    worstOrder(clock) === undefined ? 'no warp' : 'warp',
    clock.rates.some(isOffRate) ? 'wrong rate' : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}
