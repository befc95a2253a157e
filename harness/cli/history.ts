/** `tscmatrix history`: how cells fared over the last nights. */

import { EXIT, UserError } from '../base/errors.ts';
import { oneLine } from '../base/safe-text.ts';
import { openHistory } from '../history/open.ts';
import { cellHistories } from '../history/query.ts';
import type { CellHistory } from '../history/types.ts';
import { progressLine } from '../host/progress-line.ts';
import { historyJson, historyText } from '../report/history-text.ts';

export interface HistoryFlags {
  readonly results: string;
  readonly kernel?: string;
  readonly matrix?: string;
  readonly last: number;
  readonly rebuild?: boolean;
  readonly json?: boolean;
}

/** Throws UserError if no cell is as asked for. */
export async function historyCommand(glob: string | undefined, flags: HistoryFlags): Promise<number> {
  const progress = progressLine(process.stderr);
  const history = await openHistory(flags.results, {
    rebuild: flags.rebuild === true,
    onProgress: (done, of) => progress.show(`reading records into the history: ${done} of ${of}`),
  });
  let cells: readonly CellHistory[];
  try {
    progress.clear();
    for (const { run, why } of history.filled.unusable) {
      process.stderr.write(`tscmatrix: not in the history: ${oneLine(run)}: ${oneLine(why)}\n`);
    }
    cells = cellHistories(history, {
      ...(glob === undefined ? {} : { cells: [glob] }),
      ...(flags.kernel === undefined ? {} : { kernel: flags.kernel }),
      ...(flags.matrix === undefined ? {} : { matrix: flags.matrix }),
      last: flags.last,
    });
  } finally {
    history.close();
  }
  if (cells.length === 0) throw nothing(glob, flags);
  const columns = process.stdout.isTTY ? process.stdout.columns : undefined;
  const parts = flags.json === true ? historyJson(cells) : [historyText(cells, { columns })];
  for (const part of parts) {
    await new Promise<void>((done, fail) => {
      process.stdout.write(part, (error) => (error == null ? done() : fail(error)));
    });
  }
  return EXIT.ok;
}

function nothing(glob: string | undefined, { kernel, matrix, results }: HistoryFlags): UserError {
  const asked = [
    glob === undefined ? '' : `named ${glob}`,
    kernel === undefined ? '' : `of the kernel ${kernel}`,
    matrix === undefined ? '' : `of the matrix ${matrix}`,
  ].filter((part) => part !== '');
  return asked.length === 0
    ? new UserError(`there are no runs in ${results} yet`, 'tscmatrix run MATRIX makes one')
    : new UserError(
        `the runs in ${results} have no cell ${asked.join(', ')}`,
        'a name may hold * and ?; see all of them with: tscmatrix history',
      );
}
