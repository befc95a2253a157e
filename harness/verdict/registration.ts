/** How tsc ended, as far as the text tells. Rules in order; the first that speaks decides. */
import type { WatchdogEvent } from '../evidence/facts/types.ts';
import type { Registration } from '../matrix/types.ts';
import { type Context, isPastRefinement } from './context.ts';
import { registeredButUnlisted } from './contradictions.ts';
import { countedReads } from './counted-refinement.ts';
import { cite, type Deduction, found, missing, REFINED_LINE } from './deduction.ts';
import { listed, registeredLine } from './how-registered.ts';
import { measuredAgain } from './initcall.ts';
import { tracedRestarts } from './traced-refinement.ts';

type Rule = (c: Context) => Deduction<Registration> | null;

/** tsc.c mark_tsc_unstable(), tsc_cs_mark_unstable(); clocksource.c __clocksource_unstable(). */
const marked: Rule = (c) => {
  const { marks, watchdog, warps, unstableSigns } = c.facts;
  // tsc_khz stayed 0: init_tsc_clocksource() returns at once, there never was a tsc to be unstable.
  const noKhz = marks.find((m) => /could not calculate TSC khz/.test(m.reason));
  const without = 'the kernel has no TSC frequency, so it registers no tsc';
  if (noKhz !== undefined) return found('never', 'certain', [cite(noKhz, without)], without);
  const skew = watchdog.find(isVerdictOnTsc);
  for (const [sign, why] of [
    [marks[0], `the reason given is "${marks[0]?.reason.replace(/\.$/, '')}"`],
    [skew, 'by the clocksource watchdog'],
    [warps[0], 'by the check of the CPUs against each other'],
    [unstableSigns[0], 'the text does not hold the line that says why'],
  ] as const)
    if (sign !== undefined) return found('unstable', 'certain', [cite(sign, 'the TSC is unstable')], why);
  if (c.watched?.state === 'removed')
    return found('unstable', 'likely', [], 'tsc was listed and then disappeared, without a message');
  return null;
};

export function isTsc(source: string | null): boolean {
  return source === 'tsc' || source === 'tsc-early';
}

/** A check that cost a clocksource its place. On x86 only tsc is checked, so if no name is printed (5.13) it is tsc. */
export function isVerdictOnTsc({ kind, source }: WatchdogEvent): boolean {
  return /^(?:cpu-)?skew$|^slow-read-marked$/.test(kind) && (isTsc(source) || source === null);
}

/** The list lacks what the log registers: nothing is sure then. */
const contradicted: Rule = (c) => {
  const found = registeredButUnlisted(c);
  return found && { value: 'undetermined', confidence: 'none', evidence: found.evidence, why: found.text };
};

/** tsc.c notsc_setup() up to 4.17: tsc_disabled makes init_tsc_clocksource() return at once. */
const disabled: Rule = ({ facts: { notscRefused } }) =>
  notscRefused === null
    ? null
    : found(
        'never',
        'certain',
        [cite(notscRefused, 'notsc: the TSC is not used as a clocksource')],
        'notsc keeps the kernel from registering it',
      );

/** A trace that shows the refinement begin again and again: it never registers. */
const looping: Rule = (c) => {
  const traced = tracedRestarts(c);
  return traced === null ? null : { value: 'never', ...traced };
};

const refined: Rule = (c) => {
  const line = c.facts.refined.at(-1);
  if (line === undefined) return null;
  return found(
    'refined',
    'certain',
    [cite(line, 'refinement ended and tsc was registered with this frequency')],
    `${(line.khz / 1000).toFixed(3)} MHz`,
  );
};

/** From 4.16: tsc-early leaves when tsc is registered or found unstable; while listed, neither has happened. */
const earlyStays: Rule = (c) => {
  if (!c.earlyListed || c.listed === true) return null;
  const stated = c.facts.available ?? c.facts.current;
  const long = c.watched !== null ? c.watched.state === 'never' : isPastRefinement(c.facts);
  return found(
    'never',
    long ? 'certain' : 'likely',
    [
      ...(stated === null
        ? []
        : [cite(stated, 'tsc-early is still there: it leaves when tsc is registered or found unstable')]),
      ...(c.refinedWouldShow ? [missing(REFINED_LINE, 'refinement never ended')] : []),
    ],
    'tsc-early is still listed, so tsc has been neither registered nor given up',
  );
};

/** No log and no list: a sample that is rejected in every second is one of a refinement that has not ended. */
const counted: Rule = (c) => {
  if (c.watched === null || countedReads(c).shows !== 'restarts') return null;
  const seen = c.listed === false && c.watched.state === 'never';
  const unlisted = c.listed === false ? 'tsc is not listed, and ' : '';
  return found(
    'never',
    seen ? 'certain' : 'likely',
    [],
    `${unlisted}the reads of the reference counter were counted: its samples go on being rejected`,
  );
};

const notListed: Rule = (c) => {
  if (c.listed !== false) return null;
  const { facts } = c;
  const list = facts.available === null ? [] : [cite(facts.available, 'tsc is not listed')];
  const flags = facts.cpuFlags;
  if (flags !== null && !flags.value.includes('tsc'))
    return found(
      'never',
      'certain',
      [...list, cite(flags, 'the CPU flags have no tsc')],
      'the CPU has no TSC as far as this guest sees',
    );
  if (!c.refinedWouldShow)
    return (
      counted(c) ?? found('undetermined', 'none', list, 'tsc is not listed, but the text would not show why')
    );
  const lack = missing(REFINED_LINE, 'the line that ends every refinement did not come');
  return found(
    'never',
    isPastRefinement(facts) && c.watched?.state === 'never' ? 'certain' : 'likely',
    [...list, lack],
    'tsc is not listed, and the messages that its registration or its rejection would have left are not there',
  );
};

/** Silence alone is no proof: without the list, say what would settle it. */
const silent: Rule = (c) => {
  if (c.listed !== null || !c.refinedWouldShow || c.facts.detected.length === 0) return null;
  return found(
    'undetermined',
    'none',
    [
      missing(
        REFINED_LINE,
        'no end of a refinement was printed; that alone does not prove that there was none',
      ),
    ],
    'no registration was printed, and only the list of available clocksources can tell whether tsc is there',
  );
};

const RULES: readonly Rule[] = [
  marked,
  disabled,
  looping,
  contradicted,
  refined,
  measuredAgain,
  registeredLine,
  listed,
  earlyStays,
  notListed,
  counted,
  silent,
];

export function registrationOf(c: Context): Deduction<Registration> {
  for (const rule of RULES) {
    const result = rule(c);
    if (result !== null) return result;
  }
  return found('undetermined', 'none', [], 'the text does not tell whether tsc was registered');
}
