/** What is worth a word in a matrix, on stderr. */
import { formatProblem } from '../matrix/problems.ts';
import type { Plan } from '../plan/types.ts';

export function warnAbout(plan: Plan): void {
  for (const warning of plan.warnings ?? [])
    process.stderr.write(`tscmatrix: warning: ${formatProblem(warning)}\n`);
}
