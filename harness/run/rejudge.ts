/** Verdicts again from what is stored: the consoles are read, no guest is booted. The record is left as it is. */
import { join } from 'node:path';
import { HostFault, UserError } from '../base/errors.ts';
import { CONSOLE_FILE } from '../guest/boot.ts';
import { gatherFrom } from '../guest/gather.ts';
import { logText } from '../lab/boot-once.ts';
import { readBootFile } from '../lab/files.ts';
import type { Verdict } from '../matrix/types.ts';
import { mergeHosts } from '../record/merge/merge-common.ts';
import type { RunRecord } from '../record/reader.ts';
import { type CellView, resultOf } from '../record/run-view.ts';
import type { HostJudgement } from '../record/types.ts';
import { type Asked, judgeCellOn } from '../verdict/known-issue.ts';
import { observe } from '../verdict/observe.ts';
import type { Outcome } from '../verdict/types.ts';
import { askedOf } from './asked.ts';
import type { JudgedBoot } from './boot-cell.ts';
import { type FinishedBoot, finishedBoots } from './stored.ts';

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

async function judgeBoot({ folder, root }: FinishedBoot): Promise<JudgedBoot> {
  const { launch, machine, ending, trueFrequency } = await readBootFile(folder, root);
  const path = join(folder, CONSOLE_FILE);
  const { evidence } = await gatherFrom(folder, launch, { root }).catch((error: Error) => {
    if (error instanceof UserError || error instanceof HostFault) throw error;
    throw new UserError(
      `cannot read ${path}: ${error.message}`,
      'a run can be judged again only with its consoles',
    );
  });
  return {
    observation: observe({ launch, ending, evidence, machine, trueKhz: trueFrequency }),
    log: logText(evidence),
  };
}

/** Of a merged record: the hosts that never booted the cell keep what they said. */
function unbooted(view: CellView, booted: ReadonlySet<string>): readonly HostJudgement[] {
  return view.judged?.hosts?.filter(({ label }) => !booted.has(label)) ?? [];
}

/** The boots of each host are judged together; a record that was not merged has one. */
async function judgeByHost(view: CellView, boots: readonly FinishedBoot[], asked: Asked): Promise<Judgement> {
  const byHost = new Map<string, JudgedBoot[]>();
  for (const boot of boots)
    byHost.set(boot.host ?? '', [...(byHost.get(boot.host ?? '') ?? []), await judgeBoot(boot)]);
  const hosts = [...byHost].map(([label, results]) => ({
    label,
    ...judgeCellOn(results, asked),
    verdicts: results.map(({ observation }) => observation.verdict),
  }));
  return mergeHosts([...hosts, ...unbooted(view, new Set(byHost.keys()))]);
}

/** What the boots of a cell came to, as their consoles tell; empty if it was never booted. Throws UserError if one is gone. */
export async function judgedBoots(record: RunRecord, view: CellView): Promise<JudgedBoot[]> {
  const boots: JudgedBoot[] = [];
  for (const boot of finishedBoots(record, view)) boots.push(await judgeBoot(boot));
  return boots;
}

async function rejudgeCell(record: RunRecord, view: CellView): Promise<Rejudged> {
  const result = resultOf(view);
  const recorded: Judgement = { ...result, verdicts: view.judged?.verdicts ?? [] };
  const boots = finishedBoots(record, view);
  // A cell that was skipped, or never ran, has nothing to be judged again.
  if (boots.length === 0) return { cell: view.cell.id, recorded, now: recorded, changed: false };
  const now = await judgeByHost(view, boots, askedOf(view.cell, record.view));
  const changed = now.outcome !== recorded.outcome || now.verdicts.join() !== recorded.verdicts.join();
  return { cell: view.cell.id, recorded, now, changed };
}

export async function rejudge(record: RunRecord): Promise<Rejudged[]> {
  const all: Rejudged[] = [];
  for (const view of record.view.cells.values()) all.push(await rejudgeCell(record, view));
  return all;
}
