/** Observations of one cell against its expectation. */
import { messagePattern } from '../base/message-pattern.ts';
import { type Expectation, FAILURES } from '../matrix/types.ts';
import { wrongClock } from './clock-expectation.ts';
import { wrongTests } from './test-expectation.ts';
import type { Observation, Outcome } from './types.ts';

export interface Boot {
  readonly observation: Observation;
  /** The guest's log as text, for messages that must or must not come; null if there is none. */
  readonly log: string | null;
}

/**
 * Pure. A boot that ended in infra-error says nothing of the kernel, so the others are judged without it:
 * something unexpected there is unexpected, a mixture is flaky. But if all of them were as expected, the
 * cell is infra-error and not expected: a boot that was asked for did not give its answer, and silence never
 * passes.
 */
export function judgeCell(
  boots: readonly Boot[],
  expectation: Expectation,
): { outcome: Outcome; reason: string } {
  if (boots.length === 0) return { outcome: 'infra-error', reason: 'the cell was never booted' };
  const lost = boots.filter((boot) => boot.observation.verdict === 'infra-error');
  const real = boots.filter((boot) => boot.observation.verdict !== 'infra-error');
  const why = real.map((boot) => unexpected(boot, expectation));
  const bad = why.filter((reason) => reason !== null);
  const tally = verdictTally(boots);

  if (bad.length > 0 && bad.length < real.length)
    return {
      outcome: 'flaky',
      reason: `${bad.length} of ${real.length} boots not as expected (${tally}): ${bad[0]}`,
    };
  if (bad.length > 0)
    return { outcome: 'unexpected', reason: boots.length > 1 ? `${bad[0]} (${tally})` : (bad[0] ?? '') };
  const fault = lost[0];
  if (fault !== undefined) {
    const many = boots.length > 1 ? `${lost.length} of ${boots.length} boots: ` : '';
    return { outcome: 'infra-error', reason: many + fault.observation.reason };
  }
  return {
    outcome: 'expected',
    reason: `${tally}, as ${expectation.from.join(' and ') || 'the default'} expects`,
  };
}

/** A cell whose kernel did not build: there is nothing to boot, and that may be just what was expected. Pure. */
export function judgeUnbuilt(
  message: string,
  expectation: Expectation,
): { outcome: 'expected' | 'unexpected'; reason: string } {
  const what = message.split('\n', 1)[0] ?? '';
  return expectation.registration.includes('build-failed')
    ? { outcome: 'expected', reason: `build-failed, as ${expectation.from.join(' and ')} expects: ${what}` }
    : {
        outcome: 'unexpected',
        reason: `build-failed instead of ${expectation.registration.join(' or ')}: ${what}`,
      };
}

export function verdictTally(boots: readonly Boot[]): string {
  const counts = new Map<string, number>();
  for (const { observation } of boots)
    counts.set(observation.verdict, (counts.get(observation.verdict) ?? 0) + 1);
  return [...counts].map(([verdict, n]) => (n > 1 ? `${n} x ${verdict}` : verdict)).join(', ');
}

/** Why this boot is not as expected, or null. */
function unexpected({ observation, log }: Boot, expectation: Expectation): string | null {
  const { verdict } = observation;
  if (!expectation.registration.some((allowed) => allowed === verdict))
    return `${verdict} instead of ${expectation.registration.join(' or ')}: ${observation.reason}`;
  // A guest that was expected to fail has no clocksource and no frequency to compare.
  const failed = (FAILURES as readonly string[]).includes(verdict);
  return (
    (failed
      ? null
      : (wrongSource(observation, expectation) ??
        inaccurate(observation, expectation) ??
        wrongReads(observation, expectation) ??
        wrongClock(observation, expectation.clock))) ??
    wrongMessages(log, expectation) ??
    wrongTests(observation, expectation, failed)
  );
}

function wrongSource({ current }: Observation, { current: allowed }: Expectation): string | null {
  if (allowed === undefined || (current !== null && allowed.includes(current))) return null;
  return `the current clocksource is ${current ?? 'not known'} instead of ${allowed.join(' or ')}`;
}

function inaccurate(
  { ppm, ppmWithin = 0, kernelKhz }: Observation,
  { accuracyPpm, offByPpm }: Expectation,
): string | null {
  if (accuracyPpm === undefined && offByPpm === undefined) return null;
  const what =
    accuracyPpm === undefined ? `an error of ${offByPpm} ppm` : `an accuracy of ${accuracyPpm} ppm`;
  if (ppm === null) {
    const unknown = kernelKhz === null ? "the kernel's frequency" : 'the true frequency';
    return `${unknown} is not known, so ${what} cannot be shown`;
  }
  if (ppmWithin > (accuracyPpm ?? Number.POSITIVE_INFINITY))
    return `the frequency is known to ${ppmWithin} ppm only, so ${what} cannot be shown`;
  if (accuracyPpm !== undefined && Math.abs(ppm) - ppmWithin > accuracyPpm)
    return `the frequency is ${ppm} ppm off; ${accuracyPpm} ppm are allowed`;
  return offByPpm !== undefined && Math.abs(ppm) + ppmWithin < offByPpm
    ? `the frequency is ${ppm} ppm off; it was expected to be wrong by at least ${offByPpm} ppm`
    : null;
}

/** Reads that were not counted show nothing: silence never passes. */
function wrongReads({ readCounts }: Observation, { reads }: Expectation): string | null {
  if (reads === undefined) return null;
  const { min = 0, max = Number.POSITIVE_INFINITY } = reads;
  const wanted = [
    reads.min === undefined ? '' : `at least ${min}`,
    reads.max === undefined ? '' : `at most ${max}`,
  ].filter((text) => text !== '');
  const expected = `${wanted.join(' and ')} were expected`;
  if (readCounts === undefined || readCounts === null)
    return `reads of the reference counters were not counted; ${expected}`;
  const { pm, hpet } = readCounts;
  const total = pm + hpet;
  return total >= min && total <= max
    ? null
    : `the reference counters were read ${total} times (PM timer ${pm}, HPET ${hpet}); ${expected}`;
}

function wrongMessages(log: string | null, { messages }: Expectation): string | null {
  if (messages === undefined || messages.must.length + messages.mustNot.length === 0) return null;
  if (log === null) return 'there is no log to look for the expected messages in';
  const slow = [...messages.must, ...messages.mustNot].find((pattern) =>
    messagePattern(pattern).isTooSlowFor(log.length),
  );
  if (slow !== undefined) return `the log has ${log.length} characters, too many to look for ${slow} in`;
  const lacking = messages.must.find((pattern) => !matches(log, pattern));
  if (lacking !== undefined) return `the log lacks ${lacking}`;
  const forbidden = messages.mustNot.find((pattern) => matches(log, pattern));
  return forbidden === undefined ? null : `the log has ${forbidden}, which must not come`;
}

/** A substring of a line, or /regular expression/flags tried on each line (base/message-pattern.ts). */
export function matches(log: string, pattern: string): boolean {
  return messagePattern(pattern).isIn(log);
}
