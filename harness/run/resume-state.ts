/** What a run that was cut off has behind it: which boots count, and which are to be done again. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CONSOLE_FILE } from '../guest/boot.ts';
import { gatherFrom } from '../guest/gather.ts';
import { openInside, readJsonInside } from '../host/inside.ts';
import { logText } from '../lab/boot-once.ts';
import { EVIDENCE_FILE, readBootFile } from '../lab/files.ts';
import type { Cell } from '../plan/types.ts';
import type { RunRecord } from '../record/reader.ts';
import { CELLS, isPlainName } from '../record/run-folder.ts';
import type { BootView, CellView } from '../record/run-view.ts';
import type { CellFinished } from '../record/types.ts';
import type { JudgedBoot } from './boot-cell.ts';
import type { CompletedBoots } from './cells.ts';

/** A boot as the log names it. */
export interface BootName {
  readonly cell: string;
  readonly boot: number;
}

export interface Progress {
  /** The cells that still need something, in the order of the plan. */
  readonly open: readonly Cell[];
  /** Boots of open cells that need not be done again. */
  readonly kept: ReadonlyMap<string, readonly CellFinished[]>;
  /** Boots that were begun and do not count. */
  readonly again: readonly BootName[];
}

/** Whether a boot's files are there as they were written: a crash of the machine may have taken them. */
async function isWhole(dir: string, { folder }: CellFinished): Promise<boolean> {
  try {
    await readBootFile(join(dir, folder), dir);
    await readJsonInside(dir, join(folder, EVIDENCE_FILE));
    const { handle } = await openInside(dir, join(folder, CONSOLE_FILE));
    await handle.close();
    return true;
  } catch {
    return false;
  }
}

async function counts(dir: string, { finished }: BootView): Promise<boolean> {
  return finished !== null && (await isWhole(dir, finished));
}

async function progressOfCell(
  dir: string,
  view: CellView,
): Promise<{ readonly kept: CellFinished[]; readonly again: BootName[] }> {
  const kept: CellFinished[] = [];
  const again: BootName[] = [];
  for (const boot of view.boots) {
    if (await counts(dir, boot)) kept.push(boot.finished as CellFinished);
    else again.push({ cell: view.cell.id, boot: boot.boot });
  }
  return { kept, again };
}

/** Reads only. `cells` is the plan; the record may know only the first of them. */
export async function progressOf(record: RunRecord, cells: readonly Cell[]): Promise<Progress> {
  const open: Cell[] = [];
  const kept = new Map<string, readonly CellFinished[]>();
  const again: BootName[] = [];
  for (const cell of cells) {
    const view = record.view.cells.get(cell.id);
    if (view === undefined) {
      open.push(cell);
      continue;
    }
    const one = await progressOfCell(record.dir, view);
    again.push(...one.again);
    if (view.judged !== null && one.again.length === 0) continue;
    open.push(cell);
    kept.set(cell.id, one.kept);
  }
  return { open, kept, again };
}

/** The results of boots that are kept, as if they had just been done: their logs are read from their consoles. */
export async function resultsOf(dir: string, kept: readonly CellFinished[]): Promise<CompletedBoots> {
  const results = new Map<number, JudgedBoot>();
  for (const { boot, folder, observation } of kept) {
    const { launch } = await readBootFile(join(dir, folder), dir);
    const { evidence } = await gatherFrom(join(dir, folder), launch, { root: dir });
    results.set(boot, { observation, log: logText(evidence) });
  }
  return results;
}

/** Removes what half-done boots of open cells have left, so that their folders can be made anew. */
export async function removeHalfDone(dir: string, progress: Progress, repeat: number): Promise<void> {
  for (const { id } of progress.open) {
    if (!isPlainName(id)) continue;
    const kept = new Set(progress.kept.get(id)?.map(({ boot }) => boot));
    for (let boot = 1; boot <= repeat; boot++) {
      if (!kept.has(boot)) await rm(join(dir, CELLS, id, `boot-${boot}`), { recursive: true, force: true });
    }
  }
}
