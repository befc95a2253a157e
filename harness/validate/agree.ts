/** When two kernels do the same in a guest, and when one does worse. Pure. */
import { FAILURES, type TestState, type Verdict } from '../matrix/types.ts';
import type { Side } from './types.ts';

/** How well a guest is served, of a side that has an answer. */
export type Served = Pick<Side, 'verdict' | 'ppm' | 'tests'>;

/**
 * An unrefined frequency is the first estimate. quick_pit_calibrate() (arch/x86/kernel/tsc.c) ends when it believes its own to
 * be within this, and where within depends on how its reads fell.
 */
const FIRST_ESTIMATE_PPM = 500;

function allowedPpm(sides: readonly Served[], tolerancePpm: number): number {
  const isEstimate = sides.some(({ verdict }) => verdict === 'unrefined');
  return isEstimate ? Math.max(tolerancePpm, FIRST_ESTIMATE_PPM) : tolerancePpm;
}

/** The kernel uses this frequency, so it matters how far off it is. */
export function isRegistered(verdict: Verdict | null): boolean {
  return verdict === 'known-frequency' || verdict === 'refined' || verdict === 'unrefined';
}

/** The TSC is not offered: never registered, or marked unstable. */
export function isRefused(verdict: Verdict | null): boolean {
  return verdict === 'never' || verdict === 'unstable';
}

function isFailure(verdict: Verdict): boolean {
  return (FAILURES as readonly string[]).includes(verdict);
}

/** How well a guest of a sound TSC is served: 0 if it did not even come up. */
function health(verdict: Verdict): number {
  if (isFailure(verdict)) return 0;
  if (!isRegistered(verdict)) return 1;
  return verdict === 'unrefined' ? 2 : 3;
}

/** How far off the frequency of a registered TSC is, ppm; null if there is none, or it is not known. */
function errorPpm({ verdict, ppm }: Served): number | null {
  return isRegistered(verdict) && ppm !== null ? Math.abs(ppm) : null;
}

/**
 * By how much the one registers a wrong frequency where none of the others is as wrong, ppm; null if it does not. A TSC that
 * nobody registers has no frequency.
 */
export function wrongPpm(one: Side, others: readonly Side[], tolerancePpm: number): number | null {
  const mine = errorPpm(one);
  if (mine === null || mine <= allowedPpm([one], tolerancePpm)) return null;
  const asWrong = others.some((other) => {
    const theirs = errorPpm(other);
    return theirs !== null && theirs + allowedPpm([one, other], tolerancePpm) >= mine;
  });
  return asWrong ? null : one.ppm;
}

/** Tests that did not end alike; a part that only one of the two has came as "not-run" on the other side. */
function testDifferences(one: Served, other: Served): { name: string; mine: TestState; theirs: TestState }[] {
  const [own, others] = [one.tests ?? {}, other.tests ?? {}];
  return [...new Set([...Object.keys(own), ...Object.keys(others)])].flatMap((name) => {
    const [mine, theirs] = [own[name] ?? 'not-run', others[name] ?? 'not-run'];
    return mine === theirs ? [] : [{ name, mine, theirs }];
  });
}

/** Null if the two do the same; else what differs, as "A instead of B". */
export function difference(one: Side, other: Side, tolerancePpm: number): string | null {
  if (one.verdict !== other.verdict) return `${one.verdict} instead of ${other.verdict}`;
  if (one.current !== other.current)
    return `current clocksource ${one.current ?? 'not known'} instead of ${other.current ?? 'not known'}`;
  const tests = testDifferences(one, other);
  if (tests.length > 0)
    return tests.map(({ name, mine, theirs }) => `test ${name} ${mine} instead of ${theirs}`).join(', ');
  const [mine, theirs] = [errorPpm(one), errorPpm(other)];
  if (mine === null || theirs === null) {
    return mine === theirs ? null : 'the frequency is known on one side only';
  }
  return Math.abs((one.ppm ?? 0) - (other.ppm ?? 0)) <= allowedPpm([one, other], tolerancePpm)
    ? null
    : `${one.verdict} with a frequency that is ${one.ppm} ppm off instead of ${other.ppm} ppm`;
}

/** Null if the one serves its guest no worse than the other; else in what it is worse. */
export function worsening(one: Served, than: Served, tolerancePpm: number): string | null {
  if (one.verdict === null || than.verdict === null) return null;
  if (health(one.verdict) < health(than.verdict)) return `${one.verdict}, but it was ${than.verdict}`;
  const failed = testDifferences(one, than).find(({ theirs }) => theirs === 'pass');
  if (failed !== undefined) return `the test ${failed.name} is ${failed.mine}, but it was pass`;
  const [mine, theirs] = [errorPpm(one), errorPpm(than)];
  if (mine !== null && theirs !== null && mine > theirs + allowedPpm([one, than], tolerancePpm))
    return `the frequency is ${one.ppm} ppm off, but it was ${than.ppm} ppm`;
  return null;
}
