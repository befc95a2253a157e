/** What is expected of a cell, in one line for people. */
import type { ClockExpectation, Expectation } from '../matrix/types.ts';

export function expectationText(expectation: Expectation): string {
  const parts = [expectation.registration.join(' or ')];
  if (expectation.current !== undefined) parts.push(`current ${expectation.current.join(' or ')}`);
  if (expectation.accuracyPpm !== undefined) parts.push(`within ${expectation.accuracyPpm} ppm`);
  if (expectation.offByPpm !== undefined) parts.push(`wrong by at least ${expectation.offByPpm} ppm`);
  const { min, max } = expectation.reads ?? {};
  if (min !== undefined) parts.push(`at least ${min} reads`);
  if (max !== undefined) parts.push(`at most ${max} reads`);
  parts.push(...clockParts(expectation.clock));
  return parts.join(', ');
}

/** What is expected of the clock, a part for each key: "vDSO", "at most 100 ns a call", "no warp", "rate within 50 ppm". */
export function clockParts({ vdso, ns, warp, ratePpm }: ClockExpectation = {}): string[] {
  return [
    vdso === undefined ? '' : vdso ? 'vDSO' : 'no vDSO',
    ns?.min === undefined ? '' : `at least ${ns.min} ns a call`,
    ns?.max === undefined ? '' : `at most ${ns.max} ns a call`,
    warp === undefined ? '' : 'no warp',
    ratePpm?.max === undefined ? '' : `rate within ${ratePpm.max} ppm`,
    ratePpm?.min === undefined ? '' : `rate wrong by at least ${ratePpm.min} ppm`,
  ].filter((part) => part !== '');
}
