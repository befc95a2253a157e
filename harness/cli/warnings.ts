/** What is worth a word in a matrix, on stderr. */
import { formatProblem } from '../matrix/problems.ts';
import type { Plan } from '../plan/types.ts';
import { block } from '../report/safe-text.ts';

export function warnAbout(plan: Plan): void {
  for (const warning of plan.warnings ?? [])
    process.stderr.write(`tscmatrix: warning: ${block(formatProblem(warning))}\n`);
}
