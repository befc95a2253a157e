/** The exit code of a run, from what became of its cells. */
import { EXIT } from '../base/errors.ts';
import type { Outcome } from '../verdict/types.ts';

/** Worst first: a finding about a kernel counts for more than a fault of this host beside it. */
export function exitCodeOf(counts: Readonly<Record<Outcome, number>>, interrupted: boolean): number {
  if (interrupted) return EXIT.interrupted;
  if (counts.unexpected + counts.flaky > 0) return EXIT.unexpected;
  if (counts['infra-error'] > 0) return EXIT.hostFault;
  // All skipped: nothing was found out.
  if (counts.skipped > 0 && counts.expected === 0) return EXIT.hostFault;
  return EXIT.ok;
}
