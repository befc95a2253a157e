/** What is expected of a cell, in one line for people. */
import type { Expectation } from '../matrix/types.ts';

export function expectationText(expectation: Expectation): string {
  const parts = [expectation.registration.join(' or ')];
  if (expectation.current !== undefined) parts.push(`current ${expectation.current.join(' or ')}`);
  if (expectation.accuracyPpm !== undefined) parts.push(`within ${expectation.accuracyPpm} ppm`);
  if (expectation.offByPpm !== undefined) parts.push(`wrong by at least ${expectation.offByPpm} ppm`);
  const { min, max } = expectation.reads ?? {};
  if (min !== undefined) parts.push(`at least ${min} reads`);
  if (max !== undefined) parts.push(`at most ${max} reads`);
  return parts.join(', ');
}
