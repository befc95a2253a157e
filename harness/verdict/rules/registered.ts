/** tsc is registered: is anything wrong, and why is it not current? */
import type { Registration } from '../../matrix/types.ts';
import { type Context, cite, type Deduction } from '../context.ts';
import { RATINGS } from '../kernel-generations.ts';
import type { Cause, Confidence } from '../types.ts';

export function registeredCause(c: Context, registration: Registration): Deduction<Cause> {
  const { facts, current } = c;
  const differs = facts.calibration.find((l) => l.kind === 'recalibrate-differs');
  if (differs !== undefined)
    return answer(
      'wrong-known-frequency',
      'certain',
      'the frequency that the kernel was told differs from what a hardware timer measures',
      [
        // tsc.c tsc_refine_calibration_work() under tsc=recalibrate: more than 500 ppm
        cite(differs, 'more than 500 ppm apart'),
      ],
    );
  if (current !== null && current !== 'tsc' && settled(c)) return notCurrent(c, current);
  if (
    registration === 'unrefined' &&
    facts.references.hpet === null &&
    noPmTimer(c) &&
    facts.shape.beginsAtBoot
  )
    return answer(
      'no-reference',
      'likely',
      'neither HPET nor PM timer is there to refine against, so the first estimate stays',
    );
  return answer('none', 'certain', current === 'tsc' ? 'tsc is registered and current' : 'tsc is registered');
}

function noPmTimer(c: Context): boolean {
  return (
    c.facts.references.pmTimer === null ||
    c.facts.parameters.some((p) => p === 'pmtmr=0' || p === 'pmtmr=off')
  );
}

/** The current source is stated, or the log is whole; an excerpt's switch line may be followed by another. */
function settled(c: Context): boolean {
  return c.currentFrom === 'stated' || c.facts.shape.kind === 'whole';
}

function notCurrent(c: Context, current: string): Deduction<Cause> {
  const { facts } = c;
  const shown = facts.current ?? facts.switches.at(-1) ?? null;
  const evidence = shown === null ? [] : [cite(shown, `${current} is current`)];
  // kernel/time/clocksource.c boot_override_clocksource(), boot_override_clock()
  const asked = facts.parameters.find((p) => /^clock(?:source)?=/.test(p));
  if (asked !== undefined && asked.slice(asked.indexOf('=') + 1) === current && facts.commandLine !== null)
    return answer('command-line', 'certain', `${asked} on the command line chose it`, [
      ...evidence,
      cite(facts.commandLine, asked),
    ]);
  if ((RATINGS[current] ?? 0) > 300)
    return answer(
      'outranked',
      'certain',
      `${current} has the higher rating (${RATINGS[current]} against 300)`,
      evidence,
    );
  return answer(
    'undetermined',
    'none',
    `${current} is current although its rating is below that of tsc: chosen by hand, or tsc came or left since`,
    evidence,
  );
}

function answer(
  value: Cause,
  confidence: Confidence,
  why: string,
  evidence: Deduction<Cause>['evidence'] = [],
): Deduction<Cause> {
  return { value, confidence, evidence, why };
}
