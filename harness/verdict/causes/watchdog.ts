/** Who was wrong when the clocksource watchdog found a difference: the TSC, the reference, or the moment. */
import { PMTMR_WRAP_NS, WATCHDOG_INTERVAL_NS } from '../../base/kernel-constants.ts';
import type { Found, WatchdogEvent } from '../../evidence/facts/types.ts';
import type { Context } from '../context.ts';
import { cite, claim } from '../deduction.ts';
import { atInitcallOrLater } from '../initcall.ts';
import { advise, isGuest } from '../place.ts';
import { cause, rule } from './row.ts';
import { byWatchdog, checkOf, isNear, momentOf, watchdogRule } from './watchdog-check.ts';

const SHORT =
  'the interval that was compared is far below the half second that is due, so its figures tell no rate';
const RAW = 'the watchdog found a difference; its raw counter values need rates that the text does not state';
const NO_FIGURES = 'the watchdog found a difference; the lines that say how large it is are not in the text';
/** The watchdog runs every half second; a busy boot delays it, s. */
const FIRST_CHECKS_S = 10;
const WRAP_TOLERANCE_NS = 250_000_000;
/** A rate that is wrong in a constant way stays below this; above, time was lost. */
const MAX_RATE_ERROR = 0.2;
/** What held the guest up this close to the check counts, s. */
const NEAR_S = 60;

/** How often the 24-bit PM timer wraps in the difference; 0 if it is no whole number of wraps. */
function wrapsOf({ deltaNs, watchdog }: WatchdogEvent): number {
  const wraps =
    deltaNs === null || (watchdog !== null && watchdog !== 'acpi_pm')
      ? 0
      : Math.round(deltaNs / PMTMR_WRAP_NS);
  return wraps >= 1 && Math.abs((deltaNs ?? 0) - wraps * PMTMR_WRAP_NS) < WRAP_TOLERANCE_NS ? wraps : 0;
}

/** Registered with a frequency that was known, shortly before `then`: an error that is constant shows at the first checks. */
function justRegistered(c: Context, then: Found): boolean {
  if (c.facts.refined.length > 0 || c.era?.atOnce !== 'TSC_KNOWN_FREQ') return false;
  const line = c.facts.registered.find((r) => r.name === 'tsc');
  const how = line === undefined ? null : atInitcallOrLater(c, line);
  return line !== undefined && how?.value === 'known-frequency' && isNear(line, then, FIRST_CHECKS_S);
}

export const WATCHDOG = [
  cause(
    'guest-paused',
    [
      rule('unstable', 'around', (c) => {
        const moment = momentOf(c);
        if (moment === null || !byWatchdog(c)) return null;
        const held = c.facts.interruptions.filter((i) => isNear(i, moment, NEAR_S));
        const why = 'the guest was held up at that time, so the two counters were not read together';
        const lines = [
          ...(checkOf(c)?.lines ?? [cite(moment, 'the watchdog is named as the reason')]),
          ...held.map((h) => cite(h, 'what held it up')),
        ];
        return (
          held.length > 0 &&
          claim('likely', isGuest(c) === true ? why : why.replace('guest', 'machine'), lines)
        );
      }),
      watchdogRule('figures', ({ event, figures: f }) => {
        const stopped =
          f !== null && event.watchdog === 'kvm-clock' && f.cs - f.wd > WATCHDOG_INTERVAL_NS / 4;
        const why = 'the TSC went on while kvm-clock stood still, as it does while the guest is paused';
        return stopped && claim('likely', why);
      }),
      watchdogRule('figures', ({ figures }) => {
        const why = 'the watchdog, due every 0.5 s, ran seconds late: the guest was held up';
        return figures?.late === true && claim('possible', why);
      }),
    ],
    advise({
      guest: [
        'Ask whether the guest was paused, migrated or restored from a snapshot at that time; if it was, the message is a consequence and no fault of the TSC.',
      ],
      metal: [
        'Look for what held the machine up at that time: suspend, a firmware interrupt (SMM), a stuck driver.',
      ],
    }),
  ),
  cause(
    'watchdog-slow-reference',
    [
      watchdogRule('said', ({ event }) => {
        const why = 'reading took too long again and again; the rate of the TSC was not even compared';
        return event.kind === 'slow-read-marked' && claim('likely', why);
      }),
      watchdogRule('said', ({ event }, { facts }) => {
        const slow = facts.watchdog.filter(
          (w) => w.order < event.order && w.kind === 'slow-read' && isNear(w, event, NEAR_S),
        );
        const why = 'reads of the reference were slow just before it was used against the TSC';
        const lines = slow.map((s) => cite(s, 'a slow read'));
        return slow.length > 0 && claim('likely', why, lines);
      }),
      watchdogRule('around', ({ event: { watchdog } }) => {
        const why = 'the reference was the tick, which loses time whenever an interrupt is late';
        return (watchdog === 'jiffies' || watchdog === 'refined-jiffies') && claim('likely', why);
      }),
      watchdogRule('figures', ({ event }) => {
        const wraps = wrapsOf(event);
        const why = `the difference is ${wraps === 1 ? '' : `${wraps} times `}what the 24-bit PM timer counts before it wraps: the watchdog ran late and the reference lost time, not the TSC`;
        return wraps > 0 && claim('likely', why);
      }),
      watchdogRule('figures', ({ figures: f }) => {
        const why = 'the TSC counted the 0.5 s between two checks, the reference did not';
        return f !== null && !f.late && f.csOff * 5 < f.wdOff && claim('likely', why);
      }),
    ],
    [
      'Boot once with tsc=nowatchdog (5.2 on) or tsc=reliable: if tsc stays, the reference was at fault; a faster reference (HPET instead of the PM timer) helps as well.',
    ],
  ),
  cause(
    'wrong-known-frequency',
    [
      // tsc.c tsc_refine_calibration_work() under tsc=recalibrate
      rule('registered', 'said', ({ facts }) => {
        const differs = facts.calibration.filter((l) => l.kind === 'recalibrate-differs').slice(0, 1);
        const lines = differs.map((l) => cite(l, 'more than 500 ppm apart'));
        const why = 'the frequency that the kernel was told differs from what a hardware timer measures';
        return differs.length > 0 && claim('certain', why, lines);
      }),
      watchdogRule('figures', ({ event, figures: f }, c) => {
        const rate = f === null || f.late || f.short ? 1 : Math.abs(f.ppm) / 1e6;
        const why = `the frequency that the kernel was told is ${(rate * 100).toFixed(2)} % away from what the reference measures`;
        return rate < MAX_RATE_ERROR && justRegistered(c, event) && claim('likely', why);
      }),
    ],
    [
      'Boot once with tsc=recalibrate (5.19 on) and send the log: it measures the frequency that was given against a hardware timer.',
    ],
  ),
  cause(
    'watchdog-skew',
    [
      watchdogRule('rest', ({ event, figures: f }) => {
        if (f?.short === true) return claim('possible', SHORT);
        const raw = event.details.some(({ text }) => /_now: /.test(text));
        if (f === null && event.deltaNs === null) return claim('possible', raw ? RAW : NO_FIGURES);
        return claim('likely', 'the TSC counted another time than the reference');
      }),
      rule('unstable', 'rest', (c) => {
        const lines = c.facts.marks.slice(0, 1).map((m) => cite(m, 'the watchdog is named as the reason'));
        const why =
          'the watchdog found a difference; its own lines, which say how large, are not in the text';
        return byWatchdog(c) && checkOf(c) === null && claim('possible', why, lines);
      }),
    ],
    advise({
      guest: [
        'Compare the frequency in "tsc: Detected" with the true one of the host; after a migration, check TSC scaling on the target host.',
      ],
      metal: [
        'Update the firmware, and compare tsc with NTP: boot with tsc=nowatchdog (5.2 on) and watch the drift that chronyc tracking reports.',
      ],
    }),
  ),
];
