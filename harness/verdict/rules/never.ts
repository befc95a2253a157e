/** Why tsc was never registered. Rules in order; the first that speaks decides. */
import { describeReads, readPatterns } from '../../evidence/reads.ts';
import { type Context, cite, type Deduction } from '../context.ts';
import type { Cause, Confidence } from '../types.ts';

type Rule = (c: Context) => Deduction<Cause> | null;

/** tsc.c init_tsc_clocksource(): boot_cpu_has(X86_FEATURE_TSC). */
const noTsc: Rule = ({ facts }) => {
  if (facts.cpuFlags === null || facts.cpuFlags.value.includes('tsc')) return null;
  return {
    value: 'no-tsc',
    confidence: 'certain',
    evidence: [cite(facts.cpuFlags, 'no tsc among the flags')],
    why: 'the CPU that the guest sees has no TSC',
  };
};

/** tsc.c notsc_setup() up to 4.17; init/main.c initcall_blacklist(). */
const commandLine: Rule = ({ facts }) => {
  const asked = facts.parameters.find(
    (p) =>
      p === 'notsc' ||
      p === 'tsc=unstable' ||
      (p.startsWith('initcall_blacklist=') && p.includes('init_tsc_clocksource')),
  );
  const line = facts.notscRefused ?? facts.commandLine;
  if ((asked === undefined && facts.notscRefused === null) || line === null) return null;
  return {
    value: 'command-line',
    confidence: 'certain',
    evidence: [cite(line, `the command line says ${asked ?? 'notsc'}`)],
    why: `${asked ?? 'notsc'} on the kernel command line keeps tsc from being registered`,
  };
};

/** tsc.c pit_hpet_ptimer_calibrate_cpu(), tsc_init(). */
const calibration: Rule = ({ facts }) => {
  const lines = facts.calibration;
  const unknown =
    facts.detected.length === 0 && lines.some((l) => l.kind === 'khz-unknown' || l.kind === 'pit-failed');
  if (!unknown) return null;
  const none = lines.find((l) => l.kind === 'no-reference');
  const failures = lines.filter((l) =>
    ['fast-failed', 'pit-failed', 'no-reference', 'reference-failed', 'khz-unknown'].includes(l.kind),
  );
  const confidence: Confidence = lines.some((l) => l.kind === 'khz-unknown') ? 'certain' : 'likely';
  return {
    value: none === undefined ? 'calibration-failed' : 'no-reference',
    confidence,
    evidence: failures.map((l) => cite(l, 'a way to find the frequency that failed')),
    why:
      none === undefined
        ? 'every way to calibrate the TSC failed, so its frequency is not known'
        : 'the PIT gave no value and there is neither HPET nor PM timer to calibrate against',
  };
};

/** tsc.c tsc_refine_calibration_work(): a rejected start sample schedules the work again, without a message. */
const restarts: Rule = (c) => {
  const { facts } = c;
  if (facts.trace !== null && facts.trace.restarts > 0 && !facts.trace.pastStart)
    return {
      value: 'refinement-restarts',
      confidence: facts.trace.restarts >= 2 ? 'certain' : 'likely',
      evidence: [],
      why: 'every sample of TSC and reference counter is rejected because it takes too long, and the work schedules itself again',
    };
  const counted = countedReads(c);
  // Counted, and nobody reads a counter: whatever keeps tsc away, it is not this.
  if (counted.shows === 'quiet') return null;
  const detected = facts.detected[0];
  if (detected === undefined && !c.earlyListed && counted.shows === null) return null;
  return {
    value: 'refinement-restarts',
    confidence:
      counted.shows === 'restarts' ||
      (c.earlyListed && (c.watched?.state === 'never' || facts.shape.kind === 'whole'))
        ? 'certain'
        : 'likely',
    evidence:
      detected === undefined ? [] : [cite(detected, 'the TSC exists and its frequency is known roughly')],
    why: `the delayed refinement never ends: its samples are rejected because reading the reference counter takes too long, and that leaves no message${counted.text}`,
  };
};

const CLOCKSOURCE_OF = { pm: 'acpi_pm', hpet: 'hpet' } as const;

/** What the reads of the reference counters show, where they were counted from outside. */
function countedReads(c: Context): { shows: 'restarts' | 'quiet' | null; text: string } {
  const patterns = c.exits === null ? [] : readPatterns(c.exits);
  const text = c.exits === null ? null : describeReads(c.exits);
  // A counter that is the current clocksource is read for the time of day.
  const restarts = patterns.some((p) => p.shows === 'restarts' && c.current !== CLOCKSOURCE_OF[p.counter]);
  if (restarts && text !== null) return { shows: 'restarts', text: `; counted from outside: ${text}` };
  const quiet = patterns.length > 0 && patterns.every((p) => p.shows === 'quiet');
  return { shows: quiet ? 'quiet' : null, text: '' };
}

const silent: Rule = ({ facts }) =>
  facts.shape.kind === 'whole' && facts.detected.length === 0 && facts.calibration.length === 0
    ? {
        value: 'no-tsc',
        confidence: 'possible',
        evidence: [],
        why: 'a whole log without a word on the TSC: the CPU may not have one',
      }
    : null;

const RULES: readonly Rule[] = [noTsc, commandLine, calibration, restarts, silent];

export function neverCause(c: Context): Deduction<Cause> {
  for (const rule of RULES) {
    const result = rule(c);
    if (result !== null) return result;
  }
  return { value: 'undetermined', confidence: 'none', evidence: [], why: 'the text does not show why' };
}
