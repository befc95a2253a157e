/** The clocksource watchdog in its generations: kernel/time/clocksource.c of 3.10, 4.4, 4.9, 5.13, 5.17, 6.1, 7.1. */
import { PMTMR_TICKS_PER_SEC } from '../../base/kernel-constants.ts';
import type { LogLine } from '../log-lines.ts';
import { found } from './find.ts';
import type { Found, WatchdogEvent } from './types.ts';

type Head = Pick<
  WatchdogEvent,
  'kind' | 'source' | 'watchdog' | 'watchdogNs' | 'sourceNs' | 'deltaNs' | 'currentThen'
>;

const C = '(?:clocksource: )?';
const none: Omit<Head, 'kind'> = {
  source: null,
  watchdog: null,
  watchdogNs: null,
  sourceNs: null,
  deltaNs: null,
  currentThen: null,
};

const HEADS: readonly (readonly [RegExp, (m: RegExpExecArray) => Head])[] = [
  // up to 4.0: "Clocksource tsc unstable (delta = -97382847 ns)"
  [
    /^Clocksource (\S+) unstable \(delta = (-?\d+) ns\)/,
    (m) => ({ ...none, kind: 'skew', source: m[1] ?? null, deltaNs: Number(m[2]) }),
  ],
  // 4.1 to 6.18: "timekeeping watchdog[ on CPU1]: Marking clocksource 'tsc' as unstable because the skew is too large:"
  [
    new RegExp(`^${C}timekeeping watchdog(?: on CPU ?\\d+)?: Marking clocksource '([^']+)' as unstable`),
    (m) => ({ ...none, kind: 'skew', source: m[1] ?? null }),
  ],
  // 5.17 on: the source's own read was late, the watchdog's was not
  [
    new RegExp(
      `^${C}timekeeping watchdog on CPU\\d+: wd-(\\S+?)-wd (?:excessive )?read-back delay of .*unstable`,
    ),
    (m) => ({ ...none, kind: 'slow-read-marked', source: m[1] ?? null }),
  ],
  // 5.13 to 5.16: the name is that of the reference; "..., attempt 3, marking unstable" may be cut off, and is all that it can end in
  [
    new RegExp(`^${C}timekeeping watchdog on CPU\\d+: (?!wd-)(\\S+) read-back delay of(?: |$)`),
    (m) => ({ ...none, kind: 'slow-read-marked', watchdog: m[1] ?? null }),
  ],
  // 5.13 on: reading took too long, the test was skipped
  [
    new RegExp(
      `^${C}timekeeping watchdog on CPU\\d+: (\\S+) (?:wd-wd read-back delay of |retried \\d+ times)`,
    ),
    (m) => ({ ...none, kind: 'slow-read', watchdog: m[1] ?? null }),
  ],
  [
    new RegExp(`^${C}wd-(\\S+)-wd read-back delay of .*clock-skew test skipped`),
    (m) => ({ ...none, kind: 'slow-read', source: m[1] ?? null }),
  ],
  // 5.13 on, clocksource_verify_percpu()
  [
    new RegExp(`^${C} *CPUs [\\d,-]+ (?:ahead of|behind) CPU \\d+ for clocksource (\\S+?)[.:]?$`),
    (m) => ({ ...none, kind: 'cpu-skew', source: m[1] ?? null }),
  ],
  // 6.4 on
  [
    new RegExp(`^${C}Long readout interval, skipping watchdog check: cs_nsec: (\\d+) wd_nsec: (\\d+)`),
    (m) => ({ ...none, kind: 'long-interval', sourceNs: Number(m[1]), watchdogNs: Number(m[2]) }),
  ],
  // 7.1 on
  [
    new RegExp(`^${C}Marking clocksource '?(\\S+?)'? unstable due to frequency skew`),
    (m) => ({ ...none, kind: 'skew', source: m[1] ?? null }),
  ],
  [
    new RegExp(`^${C}Marking clocksource '?(\\S+?)'? unstable due to inter CPU skew`),
    (m) => ({ ...none, kind: 'cpu-skew', source: m[1] ?? null }),
  ],
  [
    new RegExp(`^${C}Watchdog (\\S+) read timed out`),
    (m) => ({ ...none, kind: 'slow-read', watchdog: m[1] ?? null }),
  ],
  [new RegExp(`^${C}Watchdog remote CPU \\d+ read timed out`), () => ({ ...none, kind: 'remote-timeout' })],
];

/** What a counter counted, ns, from its raw values; null if its rate is not known. */
function elapsed(
  [, name = '', now = '', last = '', mask = '']: RegExpExecArray,
  rates: Rates,
): number | null {
  const hz = COUNTS_NS.test(name)
    ? 1e9
    : name === 'acpi_pm'
      ? PMTMR_TICKS_PER_SEC
      : name === 'hpet'
        ? rates.hpetHz
        : /^tsc/.test(name)
          ? rates.tscHz
          : null;
  const ticks = (BigInt(`0x${now}`) - BigInt(`0x${last}`)) & BigInt(`0x${mask}`);
  return hz === null ? null : Math.round((Number(ticks) / hz) * 1e9);
}
/** kvmclock.c, xen/time.c: read in ns. */
const COUNTS_NS = /^(?:kvm-clock|xen)$/;
/** 64 bits at the most. */
const COUNTS = '([0-9a-f]{1,16}) (?:wd|cs)_last: ([0-9a-f]{1,16}) mask: ([0-9a-f]{1,16})';

/** Of counters whose raw values kernels before 5.14 print. */
export interface Rates {
  readonly tscHz: number | null;
  readonly hpetHz: number | null;
}

/** 5.13 on, the last line of that report: the plain form names the source that failed, the other one both. */
const CURRENT = new RegExp(`^${C} *'([^']+)' (?:\\(not '([^']+)'\\) )?is current clocksource`);

/** The lines that follow a head and carry its numbers. */
const DETAILS: readonly (readonly [RegExp, (m: RegExpExecArray, rates: Rates) => Partial<Head>])[] = [
  // 5.14 on: "'hpet' wd_nsec: 503978 wd_now: ..."; before, without wd_nsec
  [
    new RegExp(`^${C} *'([^']+)' wd_nsec: (-?\\d+) `),
    (m) => ({ watchdog: m[1] ?? null, watchdogNs: Number(m[2]) }),
  ],
  [
    new RegExp(`^${C} *'([^']+)' cs_nsec: (-?\\d+) `),
    (m) => ({ source: m[1] ?? null, sourceNs: Number(m[2]) }),
  ],
  [
    new RegExp(`^${C} *'([^']+)' wd_now: ${COUNTS}`),
    (m, rates) => ({ watchdog: m[1] ?? null, watchdogNs: elapsed(m, rates) }),
  ],
  [new RegExp(`^${C} *'([^']+)' cs_now: ${COUNTS}`), (m, rates) => ({ sourceNs: elapsed(m, rates) })],
  [CURRENT, (m) => ({ currentThen: m[1] ?? null })],
  [new RegExp(`^${C} *No current clocksource`), () => ({})],
  // 7.1 on
  [
    new RegExp(`^${C}Watchdog {1,32}(\\S+) interval: {1,32}(\\d+)ns`),
    (m) => ({ watchdog: m[1] ?? null, watchdogNs: Number(m[2]) }),
  ],
  [new RegExp(`^${C}Clocksource {1,32}(\\S+) interval: {1,32}(\\d+)ns`), (m) => ({ sourceNs: Number(m[2]) })],
  [new RegExp(`^${C}CPU\\d+ +\\d+ < CPU\\d+ +\\d+ \\(cycles\\)`), () => ({})],
];

/** 5.17 on, below the figures, and sometimes all that is pasted. */
const SKEWED = new RegExp(
  `^${C} *Clocksource '([^']+)' skewed (-?\\d+) ns .*over watchdog '([^']+)' interval of (\\d+) ns`,
);

/** So many other lines may stand between a head and its details. */
const DETAIL_REACH = 8;

export function watchdogFacts(lines: readonly LogLine[], rates: Rates): WatchdogEvent[] {
  const events: WatchdogEvent[] = [];
  let openSince = -1;
  lines.forEach((line, index) => {
    for (const [pattern, read] of HEADS) {
      const match = pattern.exec(line.text);
      if (match === null) continue;
      events.push({ ...found(line), ...read(match), details: [] });
      openSince = index;
      return;
    }
    const skewed = SKEWED.exec(line.text);
    const near = events.at(-1)?.kind === 'skew' && index - openSince <= DETAIL_REACH;
    if (skewed !== null && !near) {
      events.push({ ...found(line), ...none, kind: 'skew', source: skewed[1] ?? null, details: [] });
      openSince = index;
    }
    const current = CURRENT.exec(line.text);
    if (current !== null && (openSince < 0 || index - openSince > DETAIL_REACH)) {
      const [, currentThen = null, failed = currentThen] = current;
      events.push({ ...found(line), ...none, kind: 'skew', source: failed, currentThen, details: [] });
      openSince = index;
      return;
    }
    const open = events.at(-1);
    if (open !== undefined && skewed !== null) {
      const watchdogNs = Number(skewed[4]);
      const deltaNs = Number(skewed[2]);
      const stated = { watchdog: skewed[3] ?? null, watchdogNs, sourceNs: watchdogNs + deltaNs, deltaNs };
      const details = near ? [...open.details, found(line)] : open.details;
      events[events.length - 1] = { ...open, ...(open.watchdogNs === null ? stated : {}), details };
      return;
    }
    if (open === undefined || index - openSince > DETAIL_REACH) return;
    for (const [pattern, read] of DETAILS) {
      const match = pattern.exec(line.text);
      if (match === null) continue;
      const details: Found[] = [...open.details, found(line)];
      const event = { ...open, ...read(match, rates), details };
      const { sourceNs, watchdogNs } = event;
      const deltaNs = sourceNs !== null && watchdogNs !== null ? sourceNs - watchdogNs : event.deltaNs;
      events[events.length - 1] = { ...event, deltaNs };
      return;
    }
  });
  return events;
}
