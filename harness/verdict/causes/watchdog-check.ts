/** The check of the clocksource watchdog that cost tsc its place: kernel/time/clocksource.c. */
import { WATCHDOG_INTERVAL_NS } from '../../base/kernel-constants.ts';
import type { WatchdogEvent } from '../../evidence/facts/types.ts';
import type { Context } from '../context.ts';
import { type Citation, type Claim, cite } from '../deduction.ts';
import { isTsc } from '../registration.ts';
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
}

/** The timer that runs the watchdog is late by no more than this unless something held the guest up. */
const LATE_NS = 1_500_000_000;

function figuresOf({ watchdogNs: wd, sourceNs: cs }: WatchdogEvent): Figures | null {
  if (wd === null || cs === null) return null;
  const off = (ns: number): number => Math.abs(ns - WATCHDOG_INTERVAL_NS);
  return { wd, cs, wdOff: off(wd), csOff: off(cs), late: wd > LATE_NS && cs > LATE_NS };
}

/** The first mark is the watchdog's, or there is none, and the warp check said nothing. */
export function byWatchdog({ facts }: Context): boolean {
  const mark = facts.marks[0];
  return mark === undefined ? facts.warps.length === 0 : /^clocksource watchdog/.test(mark.reason);
}

export function checkOf(c: Context): Check | null {
  const { watchdog } = c.facts;
  const event = watchdog.find((w) => isTsc(w.source) && w.kind !== 'slow-read') ?? watchdog[0];
  if (event === undefined || !byWatchdog(c)) return null;
  const lines = [event, ...event.details].map((l) => cite(l, 'what the watchdog saw'));
  return { event, lines, figures: figuresOf(event) };
}

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
