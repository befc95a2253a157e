/** One sentence on a comparison, for the end of a table and the top of a page. */
import { differText } from './classify.ts';
import {
  type CellComparison,
  CHANGES,
  type Change,
  type InputDifference,
  type MatrixDifference,
} from './types.ts';

/** For example "1 regressed, 2 not comparable, 30 identical; QEMU and the host differ". */
export function conclude(
  cells: readonly CellComparison[],
  counts: Readonly<Record<Change, number>>,
  differences: readonly (InputDifference | MatrixDifference)[],
): string {
  if (cells.length === 0) return 'neither run has a cell';
  const inputs = differences.filter((one) => one.input !== 'matrix');
  const aside = inputs.length === 0 ? '' : `; ${differText(inputs)}`;
  const [first] = cells;
  if (first !== undefined && counts.identical === cells.length) {
    const all = cells.length === 1 ? 'the cell' : `all ${cells.length} cells`;
    return `identical: ${all}, the same transcripts from the same inputs${aside}`;
  }
  const parts = CHANGES.filter((change) => counts[change] > 0).map(
    (change) => `${counts[change]} ${CHANGE_WORDS[change]}`,
  );
  const moved = cells.filter(({ change, direction }) => change === 'not-comparable' && direction === 'worse');
  const worse = moved.length === 0 ? '' : `; ${moved.length} of those not comparable worse`;
  return `${parts.join(', ')}${worse}${aside}`;
}

export const CHANGE_WORDS: Readonly<Record<Change, string>> = {
  regressed: 'regressed',
  flaky: 'flaky',
  'not-comparable': 'not comparable',
  changed: 'changed',
  fixed: 'fixed',
  gone: 'gone',
  new: 'new',
  'evidence-only': 'with other evidence only',
  same: 'the same',
  identical: 'identical',
};
