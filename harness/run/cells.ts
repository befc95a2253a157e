/** The cells of a run, side by side: each to its boots and its outcome. */
import { HostFault } from '../base/errors.ts';
import type { Launch } from '../guest/types.ts';
import { stopIfInterrupted } from '../host/interruption.ts';
import { BuildError } from '../kernel/acquire.ts';
import { launchOf, resolveMachine } from '../lab/machine.ts';
import type { Ready } from '../lab/make-ready.ts';
import { runInParallel } from '../lab/schedule.ts';
import type { Verdict } from '../matrix/types.ts';
import type { Cell } from '../plan/types.ts';
import type { RunView } from '../record/run-view.ts';
import { type Judged, judgeCellOn, judgeUnbuiltOn } from '../verdict/known-issue.ts';
import { askedOf } from './asked.ts';
import { type BootContext, bootCell, type JudgedBoot } from './boot-cell.ts';
import type { Prepared } from './prepare.ts';
import type { Session } from './session.ts';

/** Boots of a cell that a run has behind it already, by number. */
export type CompletedBoots = ReadonlyMap<number, JudgedBoot>;

interface Judgement extends Judged {
  readonly verdicts: readonly Verdict[];
}

/** How the cell boots here; else what can be said of it without a guest: why there is none. */
function launchOrJudge(cell: Cell, ready: Ready, view: RunView): Launch | Judgement {
  const kernel = ready.kernels.get(cell.kernel);
  if (kernel instanceof BuildError)
    return { ...judgeUnbuiltOn(kernel.message, askedOf(cell, view)), verdicts: ['build-failed'] };
  if (kernel === undefined || kernel instanceof HostFault) {
    const reason = `there is no kernel: ${kernel?.message ?? 'it was not fetched'}`;
    return { outcome: 'infra-error', reason, verdicts: [] };
  }
  const resolved = resolveMachine(cell.guest, ready);
  switch (resolved.kind) {
    case 'runnable':
      return launchOf(cell, resolved.machine, kernel.path, ready);
    case 'skipped':
      return { outcome: 'skipped', reason: resolved.reason, verdicts: [] };
    case 'missing':
      return { outcome: 'infra-error', reason: resolved.fault.message, verdicts: [] };
  }
}

/** Boots what is not in `kept`, and judges all. */
async function bootAndJudge(
  session: Session,
  context: BootContext,
  cell: Cell,
  launch: Launch,
  kept: CompletedBoots,
): Promise<Judgement | null> {
  const results: JudgedBoot[] = [];
  for (let boot = 1; boot <= session.rules.repeat; boot++) {
    stopIfInterrupted();
    results.push(kept.get(boot) ?? (await bootCell(context, cell, boot, launch)));
  }
  const verdicts = results.map((result) => result.observation.verdict);
  return { ...judgeCellOn(results, askedOf(cell, session.view)), verdicts };
}

function bootContextOf(session: Session, { hostFrequency }: Prepared): BootContext {
  const { rules, record, emit, reporter } = session;
  return {
    hostFrequency,
    limits: { deadlineMs: rules.timeoutS * 1000, ...rules.limits },
    dump: rules.dump,
    record,
    emit,
    progress: reporter.progress,
  };
}

/** Runs these cells of the session's plan. What goes wrong with a guest is in the record. */
export async function runCells(
  session: Session,
  prepared: Prepared,
  cells: readonly Cell[],
  keptOf: (cell: Cell) => CompletedBoots,
): Promise<void> {
  const context = bootContextOf(session, prepared);
  await runInParallel(cells, session.rules.jobs, async (cell) => {
    stopIfInterrupted();
    const launch = launchOrJudge(cell, prepared.ready, session.view);
    const judgement =
      'outcome' in launch ? launch : await bootAndJudge(session, context, cell, launch, keptOf(cell));
    if (judgement !== null) await session.emit({ type: 'cell-judged', cell: cell.id, ...judgement });
  });
}
