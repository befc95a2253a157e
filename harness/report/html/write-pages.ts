/** `--html FILE`: a run or a comparison as a page of its own. */

import { HostFault } from '../../base/errors.ts';
import type { ComparedRun } from '../../compare/places.ts';
import type { RunComparison } from '../../compare/types.ts';
import { type History, openHistory } from '../../history/open.ts';
import { cellHistories } from '../../history/query.ts';
import type { CellHistory } from '../../history/types.ts';
import type { RunRecord } from '../../record/reader.ts';
import { renderComparisonPage } from './comparison-page.ts';
import { renderRunPage } from './run-page.ts';
import { pageSink, writePage } from './write-page.ts';

/** Nights in a cell's strip. */
const NIGHTS = 60;

/** Throws UserError, before anything is read, if the file cannot be written. */
export async function writeRunPage(record: RunRecord, resultsDir: string, file: string): Promise<void> {
  const sink = pageSink(file);
  const history = await historyOrWhyNot(resultsDir);
  try {
    const historyOf = history === null ? () => null : reader(history, record);
    say(file, await writePage(sink, await renderRunPage(record, { historyOf })));
  } finally {
    history?.close();
  }
}

/** A comparison, with both of its records. */
export async function writeComparisonPage(
  comparison: RunComparison,
  before: ComparedRun,
  after: ComparedRun,
  file: string,
): Promise<void> {
  const sink = pageSink(file);
  say(file, await writePage(sink, await renderComparisonPage(comparison, before, after)));
}

function say(file: string, bytes: number): void {
  process.stderr.write(`tscmatrix: wrote ${file} (${(bytes / 1e6).toFixed(1)} MB)\n`);
}

/** A page without its history is still a page, but it is said. */
async function historyOrWhyNot(resultsDir: string): Promise<History | null> {
  try {
    return await openHistory(resultsDir);
  } catch (error) {
    if (!(error instanceof HostFault)) throw error;
    process.stderr.write(`tscmatrix: the page has no history: ${error.message}\n`);
    return null;
  }
}

/** The nights up to the run itself. */
function reader(history: History, { view }: RunRecord): (cell: string) => CellHistory | null {
  const { started } = view;
  if (started === null) return () => null;
  const query = { matrix: started.matrix.name, last: NIGHTS, until: started.at };
  const found = new Map(cellHistories(history, query).map((cell) => [cell.cell, cell]));
  return (cell) => found.get(cell) ?? null;
}
