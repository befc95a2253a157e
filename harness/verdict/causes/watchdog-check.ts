/** The check of the clocksource watchdog that cost tsc its place: kernel/time/clocksource.c. */
import { WATCHDOG_INTERVAL_NS } from '../../base/kernel-constants.ts';
import type { Found, WatchdogEvent } from '../../evidence/facts/types.ts';
import type { Context } from '../context.ts';
import { type Citation, type Claim, cite } from '../deduction.ts';
import { isVerdictOnTsc } from '../registration.ts';
import { type CauseRule, rule } from './row.ts';

export interface Check {
  readonly event: WatchdogEvent;
  readonly lines: readonly Citation[];
  readonly figures: Figures | null;
}
export interface Figures {
  /** What the reference and the TSC counted, ns, and how far each is from the half second between two checks. */
  readonly wd: number;
  readonly cs: number;
  readonly wdOff: number;
  readonly csOff: number;
  readonly late: boolean;
  /** How much faster than the reference the TSC counted, ppm. */
  readonly ppm: number;
  /** Too short to tell a rate: what a read takes is a part of it. */
  readonly short: boolean;
}

/** The timer that runs the watchdog is late by no more than this unless something held the guest up. */
const LATE_NS = 1_500_000_000;
/** Half a second was due; what is far below was cut short, or its counter wrapped. */
const SHORT_NS = 50_000_000;

function figuresOf({ watchdogNs: wd, sourceNs: cs }: WatchdogEvent): Figures | null {
  if (wd === null || cs === null || wd === 0) return null;
  const off = (ns: number): number => Math.abs(ns - WATCHDOG_INTERVAL_NS);
  return {
    wd,
    cs,
    wdOff: off(wd),
    csOff: off(cs),
    late: wd > LATE_NS && cs > LATE_NS,
    ppm: (cs / wd - 1) * 1e6,
    short: wd < SHORT_NS && cs < SHORT_NS,
  };
}

/** The first mark is the watchdog's, or there is none, and neither the warp check nor another sign is alone. */
export function byWatchdog({ facts }: Context): boolean {
  const mark = facts.marks[0];
  if (mark !== undefined) return /^clocksource watchdog/.test(mark.reason);
  return (
    facts.warps.length === 0 && (facts.unstableSigns.length === 0 || facts.watchdog.some(isVerdictOnTsc))
  );
}

/** Lines of one check are printed within so many seconds. */
const TOGETHER_S = 2;

/** The check that cost tsc its place; one that only tells that CPUs differ is the last choice, since it follows another. */
export function checkOf(c: Context): Check | null {
  const verdicts = c.facts.watchdog.filter(isVerdictOnTsc);
  const mark = c.facts.marks[0];
  // What marks nothing is the check only if it came with the mark.
  const other = c.facts.watchdog.find((w) => mark === undefined || isNear(w, mark, TOGETHER_S));
  const event = verdicts.find((w) => w.kind !== 'cpu-skew') ?? verdicts[0] ?? other;
  if (event === undefined || !byWatchdog(c)) return null;
  const lines = [event, ...event.details].map((l) => cite(l, 'what the watchdog saw'));
  return { event, lines, figures: figuresOf(event) };
}

/** When the watchdog spoke: its own line, else the mark. */
export const momentOf = (c: Context): Found | null => checkOf(c)?.event ?? c.facts.marks[0] ?? null;

/** Within so many seconds; where one has no stamp, within so many lines. */
export function isNear(a: Found, b: Found, seconds: number): boolean {
  if (a.timeS !== null && b.timeS !== null) return Math.abs(a.timeS - b.timeS) <= seconds;
  return Math.abs(a.order - b.order) <= NEAR_LINES;
}
/** Lines that follow each other were printed about together. */
const NEAR_LINES = 12;

/** A rule about that check, which cites its lines. */
export const watchdogRule = (
  ground: CauseRule['ground'],
  find: (check: Check, c: Context) => Claim | false | null,
): CauseRule =>
  rule('unstable', ground, (c) => {
    const check = checkOf(c);
    const claimed = check && find(check, c);
    return check && claimed && { ...claimed, evidence: [...check.lines, ...claimed.evidence] };
  });
