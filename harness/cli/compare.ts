/** `tscmatrix compare`: what changed between two runs. */

import { UserError } from '../base/errors.ts';
import { findLastGood, LAST_GOOD } from '../compare/baseline.ts';
import { compareRuns } from '../compare/compare.ts';
import { type ComparedRun, readCompared } from '../compare/places.ts';
import type { RunComparison } from '../compare/types.ts';
import { findRun } from '../record/find-run.ts';
import { comparisonReports } from '../report/comparison.ts';

export interface CompareFlags {
  readonly results: string;
  readonly baseline?: string;
  readonly reporter: readonly string[];
  readonly all?: boolean;
  /** A file for the page. */
  readonly html?: string;
  readonly json?: boolean;
}

/** Both runs, the earlier one first, as the command line names them. Throws UserError for a wrong number of names. */
async function readBoth(
  names: readonly string[],
  { results, baseline }: Pick<CompareFlags, 'results' | 'baseline'>,
): Promise<readonly [ComparedRun, ComparedRun]> {
  const open = async (name: string): Promise<ComparedRun> => readCompared(await findRun(results, name));
  if (baseline === undefined) {
    const [first, second] = names;
    if (first === undefined || second === undefined || names.length > 2) {
      throw new UserError(
        'compare takes two runs, or one run and --baseline',
        `for example: tscmatrix compare --baseline ${LAST_GOOD} latest`,
      );
    }
    return [await open(first), await open(second)];
  }
  const [name = 'latest', extra] = names;
  if (extra !== undefined) {
    throw new UserError(
      'with --baseline only one run is compared',
      `leave out ${extra}, or leave out --baseline`,
    );
  }
  const run = await open(name);
  const before =
    baseline === LAST_GOOD ? await readCompared(await findLastGood(results, run)) : await open(baseline);
  return [before, run];
}

/** What is added to a comparison before it is written. */
type Addition = (
  before: ComparedRun,
  after: ComparedRun,
  comparison: RunComparison,
) => Promise<Partial<RunComparison>>;

/** 0 nothing is worse; 1 something is; 69 nothing could be compared. */
export async function compareCommand(
  names: readonly string[],
  flags: CompareFlags,
  more: Addition = async () => ({}),
): Promise<number> {
  const write = comparisonReports(flags.reporter, {
    json: flags.json === true,
    all: flags.all === true,
  });
  const [before, after] = await readBoth(names, flags);
  const compared = compareRuns(before, after);
  const comparison = { ...compared, ...(await more(before, after, compared)) };
  if (flags.html !== undefined)
    await (await import('../report/html/write-pages.ts')).writeComparisonPage(
      comparison,
      before,
      after,
      flags.html,
    );
  await write(comparison);
  return comparison.exitCode;
}
