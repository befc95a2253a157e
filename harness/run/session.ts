/** A run while it goes on: its plan, its record, and who is told. */
import { HostFault } from '../base/errors.ts';
import type { Limits } from '../guest/watch/limits.ts';
import { interruption } from '../host/interruption.ts';
import type { Plan } from '../plan/types.ts';
import { applyEvent, countOutcomes, exitCodeOf, newRunView, type RunView } from '../record/run-view.ts';
import type { RunEvent } from '../record/types.ts';
import type { RecordWriter } from '../record/writer.ts';
import { type Multiplexer, multiplex } from '../report/multiplexer.ts';
import type { Reporter } from '../report/reporter.ts';
import type { Outcome } from '../verdict/types.ts';

/** What decides how the cells of a plan are booted. */
export interface BootRules {
  readonly qemu: string;
  readonly repeat: number;
  readonly timeoutS: number;
  readonly jobs: number;
  readonly refresh: boolean;
  /** Keep the memory of guests that do not come to their end. */
  readonly dump: boolean;
  readonly limits?: Partial<Limits>;
}

export interface RunResult {
  readonly run: string;
  readonly dir: string;
  readonly exitCode: number;
  readonly counts: Readonly<Record<Outcome, number>>;
}

export interface Session {
  readonly plan: Plan;
  readonly rules: BootRules;
  readonly record: RecordWriter;
  readonly reporter: Multiplexer;
  /** What the record says so far. */
  readonly view: RunView;
  emit(event: RunEvent): Promise<void>;
  /** Takes in events that are recorded already. */
  replay(events: readonly RunEvent[]): void;
}

/** A guest that the disk has let down has said nothing, and none after it will: the run ends there, and can be resumed. */
function stopOnFullDisk(event: RunEvent): void {
  if (event.type !== 'cell-finished' || event.ending.kind !== 'host-fault') return;
  if (event.ending.code !== 'disk-full') return;
  throw new HostFault(
    'disk-full',
    `no space left while ${event.cell} was booted: ${event.ending.detail}`,
    'free some space and resume it: tscmatrix run --resume RUN; what was recorded so far stays readable',
  );
}

export function openSession(
  plan: Plan,
  rules: BootRules,
  record: RecordWriter,
  reporters: readonly Reporter[],
): Session {
  const reporter = multiplex(reporters);
  reporter.opened(record.dir);
  const view = newRunView();
  const report = (event: RunEvent): void => {
    applyEvent(view, event);
    reporter.event(event);
  };
  return {
    plan,
    rules,
    record,
    reporter,
    view,
    async emit(event) {
      stopOnFullDisk(event);
      report(await record.append(event));
    },
    replay: (events) => events.forEach(report),
  };
}

/** Runs `work` as the body of a run, ends the record in order if it can, and closes all however it ends. */
export async function finishSession(session: Session, work: () => Promise<void>): Promise<RunResult> {
  const { record, reporter, view } = session;
  try {
    // What an interruption breaks off is no fault: the record ends in order, and says so.
    await work().catch((error: unknown) => {
      if (!interruption().aborted) throw error;
    });
    const interrupted = interruption().aborted;
    const counts = countOutcomes([...view.cells.values()].filter((cell) => cell.judged !== null));
    const exitCode = exitCodeOf(counts, interrupted);
    const at = new Date().toISOString();
    await session.emit({ type: 'run-finished', at, interrupted, counts, exitCode });
    return { run: record.run, dir: record.dir, exitCode, counts };
  } finally {
    await reporter.close();
    await record.close();
  }
}
