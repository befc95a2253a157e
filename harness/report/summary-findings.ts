/** What in a run needs a look, worst first, and what was left out; before it is put into any form. */
import { type RunView, resultOf } from '../record/run-view.ts';
import type { Outcome } from '../verdict/types.ts';

export interface SummaryFinding {
  readonly outcome: Outcome;
  readonly cell: string;
  readonly verdicts: readonly string[];
  readonly reason: string;
  /** Label of the host, in a merged record. */
  readonly host: string | null;
}
export interface Skipped {
  readonly reason: string;
  readonly count: number;
}

const WORST_FIRST: readonly Outcome[] = ['unexpected', 'flaky', 'infra-error'];

/** Cells that are neither expected nor skipped, in the order of the plan within each outcome. */
export function findingsOf(view: RunView): SummaryFinding[] {
  const all = [...view.cells.values()].map((cell): SummaryFinding => {
    const { outcome, reason } = resultOf(cell);
    const host = cell.boots.find(({ started }) => started?.host !== undefined)?.started?.host ?? null;
    const verdicts = [...new Set<string>(cell.judged?.verdicts ?? [])].filter(
      (verdict) => verdict !== outcome,
    );
    return { outcome, cell: cell.cell.id, verdicts, reason, host };
  });
  return WORST_FIRST.flatMap((outcome) => all.filter((finding) => finding.outcome === outcome));
}

/** Reasons for which cells were skipped, the commonest first. */
export function skippedOf(view: RunView): Skipped[] {
  const counts = new Map<string, number>();
  for (const cell of view.cells.values()) {
    const { outcome, reason } = resultOf(cell);
    if (outcome === 'skipped') counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}
