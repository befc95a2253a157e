/** Finds the boots of a stored run: their cells, their files. */
import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { nearest } from '../base/suggest.ts';
import { findRun } from '../record/find-run.ts';
import { type RunRecord, readRecord } from '../record/reader.ts';
import type { BootView, CellView } from '../record/run-view.ts';

export async function openRun(resultsDir: string, wanted: string): Promise<RunRecord> {
  return readRecord(await findRun(resultsDir, wanted));
}

/** Throws UserError with the nearest id if the run has no such cell. */
export function findCell(record: RunRecord, id: string): CellView {
  const cell = record.view.cells.get(id);
  if (cell !== undefined) return cell;
  const near = nearest(id, record.view.cells.keys());
  const hint = near === undefined ? 'see the cells with: tscmatrix report' : `did you mean ${near}?`;
  throw new UserError(`the run ${record.run} has no cell ${id}`, hint);
}

export interface FinishedBoot {
  readonly boot: number;
  readonly folder: string;
  /** The record that it is part of: nothing outside is read. */
  readonly root: string;
  readonly transcriptSha256: string | null;
  /** In a merged record: label of the host that it ran on. */
  readonly host: string | null;
}

/** Boots that ended, with their absolute folders. */
export function finishedBoots(record: RunRecord, cell: CellView): FinishedBoot[] {
  return cell.boots.flatMap(({ boot, finished }: BootView) =>
    finished === null
      ? []
      : [
          {
            boot,
            folder: join(record.dir, finished.folder),
            root: record.dir,
            transcriptSha256: finished.transcriptSha256 ?? null,
            host: finished.host ?? null,
          },
        ],
  );
}
