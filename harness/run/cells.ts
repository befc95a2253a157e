/** The cells of a run, side by side: each to its boots and its outcome. */

import { HostError } from '../base/errors.ts';
import { chooseAccelerator } from '../guest/accelerator.ts';
import { BuildError, type KernelImage } from '../kernel/acquire.ts';
import { launchOf, missingOf } from '../lab/launch.ts';
import { runInParallel } from '../lab/schedule.ts';
import type { Verdict } from '../matrix/types.ts';
import type { Cell } from '../plan/types.ts';
import { judgeCell, judgeUnbuilt } from '../verdict/outcome.ts';
import type { Outcome } from '../verdict/types.ts';
import { type BootContext, bootCell, type JudgedBoot } from './boot-cell.ts';
import type { Prepared } from './prepare.ts';
import type { Session } from './session.ts';

/** Boots of a cell that a run has behind it already, by number. */
export type CompletedBoots = ReadonlyMap<number, JudgedBoot>;

interface Judgement {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly verdicts: readonly Verdict[];
}

/** What can be said of a cell without a guest: why there is none. Null where one can boot. */
function withoutGuest(
  cell: Cell,
  kernel: KernelImage | HostError | BuildError | undefined,
  bench: BootContext,
): Judgement | null {
  if (kernel instanceof BuildError)
    return { ...judgeUnbuilt(kernel.message, cell.expectation), verdicts: ['build-failed'] };
  if (kernel === undefined || kernel instanceof HostError) {
    const reason = `there is no kernel: ${kernel?.message ?? 'it was not fetched'}`;
    return { outcome: 'infra-error', reason, verdicts: [] };
  }
  const choice = chooseAccelerator(cell.guest.topology, cell.guest.clock, bench.trial);
  if (choice.accelerator === null) return { outcome: 'skipped', reason: choice.reason, verdicts: [] };
  const missing = missingOf(cell, bench);
  return missing === null ? null : { outcome: 'infra-error', reason: missing.message, verdicts: [] };
}

/** Boots what is not in `kept`, and judges all. Null where the run was interrupted. */
async function bootAndJudge(
  session: Session,
  bench: BootContext,
  cell: Cell,
  kernel: KernelImage,
  kept: CompletedBoots,
): Promise<Judgement | null> {
  const launch = launchOf(cell, kernel.path, bench);
  if (launch === null) throw new Error(`no accelerator for ${cell.id}`);
  const results: JudgedBoot[] = [];
  for (let boot = 1; boot <= session.rules.repeat; boot++) {
    if (session.signal.aborted) return null;
    results.push(kept.get(boot) ?? (await bootCell(bench, cell, boot, launch)));
  }
  if (session.signal.aborted) return null;
  const verdicts = results.map((result) => result.observation.verdict);
  return { ...judgeCell(results, cell.expectation), verdicts };
}

export function benchOf(session: Session, { ready, hostFrequency }: Prepared): BootContext {
  const { rules, record, emit, reporter, signal } = session;
  return {
    ...ready,
    hostFrequency,
    limits: { deadlineMs: rules.timeoutS * 1000, ...rules.limits },
    record,
    emit,
    progress: reporter.progress,
    signal,
  };
}

/** Runs these cells of the session's plan. What goes wrong with a guest is in the record. */
export async function runCells(
  session: Session,
  prepared: Prepared,
  cells: readonly Cell[],
  keptOf: (cell: Cell) => CompletedBoots,
): Promise<void> {
  const bench = benchOf(session, prepared);
  const { kernels } = prepared.ready;
  await runInParallel(cells, session.rules.jobs, async (cell) => {
    if (session.signal.aborted) return;
    const kernel = kernels.get(cell.kernel);
    const judgement =
      withoutGuest(cell, kernel, bench) ??
      (await bootAndJudge(session, bench, cell, kernel as KernelImage, keptOf(cell)));
    if (judgement !== null) await session.emit({ type: 'cell-judged', cell: cell.id, ...judgement });
  });
}
