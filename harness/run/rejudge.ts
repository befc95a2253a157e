/** Verdicts again from what is stored: the consoles are read, no guest is booted. The record is left as it is. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gatherEvidence } from '../evidence/evidence.ts';
import { CONSOLE_FILE } from '../guest/boot.ts';
import { UserError } from '../host/errors.ts';
import type { Verdict } from '../matrix/types.ts';
import type { RunRecord } from '../record/reader.ts';
import { type CellView, resultOf } from '../record/run-view.ts';
import { observe } from '../verdict/observe.ts';
import { judgeCell } from '../verdict/outcome.ts';
import type { Outcome } from '../verdict/types.ts';
import type { BootResult } from './boot-cell.ts';
import { logText } from './boot-once.ts';
import { readBootFile } from './files.ts';
import { finishedBoots } from './stored.ts';

export interface Judgement {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly verdicts: readonly Verdict[];
}

export interface Rejudged {
  readonly cell: string;
  readonly recorded: Judgement;
  readonly now: Judgement;
  readonly changed: boolean;
}

async function judgeBoot(folder: string): Promise<BootResult> {
  const { launch, machine, ending, trueFrequency } = await readBootFile(folder);
  const path = join(folder, CONSOLE_FILE);
  const bytes = await readFile(path).catch((error: Error) => {
    throw new UserError(
      `cannot read ${path}: ${error.message}`,
      'a run can be judged again only with its consoles',
    );
  });
  const evidence = gatherEvidence(bytes, launch.nonce);
  return {
    observation: observe({ launch, ending, evidence, machine, trueKhz: trueFrequency }),
    log: logText(evidence),
  };
}

async function rejudgeCell(record: RunRecord, view: CellView): Promise<Rejudged> {
  const result = resultOf(view);
  const recorded: Judgement = { ...result, verdicts: view.judged?.verdicts ?? [] };
  const boots = finishedBoots(record, view);
  // A cell that was skipped, or never ran, has nothing to be judged again.
  if (boots.length === 0) return { cell: view.cell.id, recorded, now: recorded, changed: false };
  const results: BootResult[] = [];
  for (const boot of boots) results.push(await judgeBoot(boot.folder));
  const now: Judgement = {
    ...judgeCell(results, view.cell.expectation),
    verdicts: results.map(({ observation }) => observation.verdict),
  };
  const changed = now.outcome !== recorded.outcome || now.verdicts.join() !== recorded.verdicts.join();
  return { cell: view.cell.id, recorded, now, changed };
}

export async function rejudge(record: RunRecord): Promise<Rejudged[]> {
  const all: Rejudged[] = [];
  for (const view of record.view.cells.values()) all.push(await rejudgeCell(record, view));
  return all;
}
