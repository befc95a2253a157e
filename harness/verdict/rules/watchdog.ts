/**
 * Who was wrong when the clocksource watchdog found a difference: the TSC, the reference, or the moment.
 * kernel/time/clocksource.c: the watchdog runs every 0.5 s (WATCHDOG_INTERVAL) and compares what the source and
 * the reference counted since the last time.
 */
import type { WatchdogEvent } from '../../evidence/facts/types.ts';
import { type Context, cite, type Deduction } from '../context.ts';
import { isTsc } from '../registration.ts';
import type { Cause, Confidence } from '../types.ts';

const INTERVAL_NS = 500_000_000;
/** The ACPI PM timer: 24 bits at 3.579545 MHz. */
const PM_WRAP_NS = (2 ** 24 / 3_579_545) * 1e9;
/** The timer that runs the watchdog is late by no more than this unless something held the guest up. */
const LATE_NS = 1_500_000_000;
const WRAP_TOLERANCE_NS = 250_000_000;
/** A rate that is wrong in a constant way stays below this; above, time was lost. */
const MAX_RATE_ERROR = 0.2;

export function watchdogCause(c: Context): Deduction<Cause> {
  const { facts } = c;
  const event = facts.watchdog.find((w) => isTsc(w.source) && w.kind !== 'slow-read') ?? facts.watchdog[0];
  const mark = facts.marks[0];
  if (event === undefined)
    return {
      value: 'watchdog-skew',
      confidence: 'possible',
      evidence: mark === undefined ? [] : [cite(mark, 'the watchdog is named as the reason')],
      why: 'the watchdog found a difference; its own lines, which say how large, are not in the text',
    };
  const lines = [event, ...event.details].map((l) => cite(l, 'what the watchdog saw'));
  const answer = (
    value: Cause,
    confidence: Confidence,
    why: string,
    more: Deduction<Cause>['evidence'] = [],
  ): Deduction<Cause> => ({
    value,
    confidence,
    evidence: [...lines, ...more],
    why,
  });

  if (event.kind === 'cpu-skew')
    return answer('tsc-warp', 'likely', 'the watchdog saw the TSC of one CPU behind that of another');
  const slow = facts.watchdog.filter(
    (w) => w.line < event.line && (w.kind === 'slow-read' || w.kind === 'remote-timeout'),
  );
  if (event.kind === 'slow-read-marked')
    return answer(
      'watchdog-slow-reference',
      'likely',
      'reading took too long again and again; the rate of the TSC was not even compared',
    );
  if (slow.length > 0)
    return answer(
      'watchdog-slow-reference',
      'likely',
      'reads of the reference were slow just before it was used against the TSC',
      slow.map((s) => cite(s, 'a slow read')),
    );
  const held = facts.interruptions.filter((i) => near(i.timeS, event.timeS));
  if (held.length > 0)
    return answer(
      'guest-paused',
      'likely',
      'the guest was held up at that time, so the two counters were not read together',
      held.map((h) => cite(h, 'the guest was held up')),
    );
  if (event.watchdog === 'jiffies' || event.watchdog === 'refined-jiffies')
    return answer(
      'watchdog-slow-reference',
      'likely',
      'the reference was the tick, which loses time whenever an interrupt is late',
    );
  return byNumbers(c, event, answer);
}

function byNumbers(
  c: Context,
  event: WatchdogEvent,
  answer: (value: Cause, confidence: Confidence, why: string) => Deduction<Cause>,
): Deduction<Cause> {
  const { watchdogNs: wd, sourceNs: cs, deltaNs: delta } = event;
  const wraps = delta === null ? 0 : Math.round(delta / PM_WRAP_NS);
  if (
    delta !== null &&
    wraps >= 1 &&
    Math.abs(delta - wraps * PM_WRAP_NS) < WRAP_TOLERANCE_NS &&
    event.watchdog !== 'hpet'
  )
    return answer(
      'watchdog-slow-reference',
      'likely',
      `the difference is ${wraps} times what the 24-bit PM timer counts before it wraps: the watchdog ran late and the reference lost time, not the TSC`,
    );
  if (wd === null || cs === null)
    return answer(
      'watchdog-skew',
      'likely',
      'the TSC and the reference counted different times; the lines do not tell which was right',
    );
  const tscOff = Math.abs(cs - INTERVAL_NS);
  const referenceOff = Math.abs(wd - INTERVAL_NS);
  if (event.watchdog === 'kvm-clock' && cs - wd > INTERVAL_NS / 4)
    return answer(
      'guest-paused',
      'likely',
      'the TSC went on while kvm-clock stood still, as it does while the guest is paused',
    );
  if (wd > LATE_NS && cs > LATE_NS)
    return answer(
      'guest-paused',
      'possible',
      'the watchdog, due every 0.5 s, ran seconds late: the guest was held up',
    );
  if (tscOff * 5 < referenceOff)
    return answer(
      'watchdog-slow-reference',
      'likely',
      'the TSC counted the 0.5 s between two checks, the reference did not',
    );
  const rate = Math.abs(cs / wd - 1);
  const known = c.facts.refined.length === 0 && c.era?.atOnce === 'TSC_KNOWN_FREQ' && knownAtOnce(c);
  if (known && rate < MAX_RATE_ERROR)
    return answer(
      'wrong-known-frequency',
      'likely',
      `the frequency that the kernel was told is ${(rate * 100).toFixed(2)} % away from what the reference measures`,
    );
  return answer(
    'watchdog-skew',
    referenceOff * 5 < tscOff ? 'certain' : 'likely',
    'the TSC counted a different time than the reference',
  );
}

function knownAtOnce(c: Context): boolean {
  const line = c.facts.registered.find((r) => r.name === 'tsc');
  const before = c.facts.beforeInit.findLast((b) => line !== undefined && b.line < line.line);
  if (line === undefined) return false;
  if (line.timeS !== null && before?.timeS != null) return line.timeS - before.timeS < 0.95;
  return (
    c.facts.afterInit.some((a) => a.line > line.line) && !c.facts.afterInit.some((a) => a.line < line.line)
  );
}

const NEAR_S = 60;
function near(a: number | null, b: number | null): boolean {
  return a === null || b === null || Math.abs(a - b) <= NEAR_S;
}
