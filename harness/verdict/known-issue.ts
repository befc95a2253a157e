/** Cells of which it is known that they are not as they should be, judged for one day. */
import type { Expectation, KnownIssue } from '../matrix/types.ts';
import { type Boot, judgeCell, judgeUnbuilt, verdictTally } from './outcome.ts';
import type { Outcome } from './types.ts';

export interface Judged {
  readonly outcome: Outcome;
  readonly reason: string;
  /** The outcome is "expected" since this is known. */
  readonly known?: KnownIssue;
}

/** What is expected, and the day for which it is judged (YYYY-MM-DD, UTC). */
export interface Asked {
  readonly expectation: Expectation;
  readonly day: string;
}

/** Pure. The boots of a cell, at least in a run. */
export function judgeCellOn(boots: readonly Boot[], asked: Asked): Judged {
  return judge(asked, verdictTally(boots), (expectation) => judgeCell(boots, expectation));
}

/** Pure. A cell whose kernel did not build. */
export function judgeUnbuiltOn(message: string, asked: Asked): Judged {
  return judge(asked, 'build-failed', (expectation) => judgeUnbuilt(message, expectation));
}

/**
 * A known issue is expected as long as it shows. It is unexpected if the cell has become what it should be: the rule is
 * to be taken out, or it would hide the next regression. After its last day it counts for nothing.
 */
function judge({ expectation, day }: Asked, tally: string, by: (asked: Expectation) => Judged): Judged {
  const { known } = expectation;
  if (known === undefined) return by(expectation);
  const { rule, otherwise, ...issue } = known;
  if (issue.until !== undefined && day > issue.until) {
    const { outcome, reason } = by(otherwise);
    const what = reason.replace(/[.\s]*$/, '');
    return { outcome, reason: `${what}; ${rule}, a known issue, ended on ${issue.until}: ${issue.reason}` };
  }
  const judged = by(expectation);
  // A fault of the host is one by either expectation: it is no mending.
  const isMended = by(otherwise).outcome === 'expected';
  if (judged.outcome === 'expected') return isMended ? judged : { ...judged, known: issue };
  if (!isMended) return judged;
  const without = otherwise.from.join(' and ');
  return {
    outcome: 'unexpected',
    reason: `the known issue of ${rule} is gone (${issue.reason}): ${tally}, as ${without} expects; take the rule out`,
  };
}
