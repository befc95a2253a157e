/** Folds events into what is known of a run so far. Used by the reader and by every reporter alike. */
import { OUTCOMES, type Outcome } from '../verdict/types.ts';
import type {
  CellFinished,
  CellJudged,
  CellPlanned,
  CellRetried,
  CellStarted,
  HostNoted,
  KernelFailed,
  KernelReady,
  RunEvent,
  RunFinished,
  RunMerged,
  RunStarted,
} from './types.ts';

export interface BootView {
  readonly boot: number;
  readonly started: CellStarted | null;
  /** Attempts at this boot that failed and were made again, in order. */
  readonly retried: readonly CellRetried[];
  readonly finished: CellFinished | null;
}
export interface CellView {
  readonly cell: CellPlanned['cell'];
  /** In the order of their numbers. */
  readonly boots: BootView[];
  judged: CellJudged | null;
}
export interface KernelView {
  ready: KernelReady | null;
  failed: KernelFailed | null;
}
export interface RunView {
  started: RunStarted | null;
  host: HostNoted | null;
  /** Of a merged record: its hosts by label. */
  readonly hosts: Map<string, HostNoted>;
  merged: RunMerged | null;
  finished: RunFinished | null;
  /** In the order of the plan. */
  readonly cells: Map<string, CellView>;
  /** Every kernel that a cell uses, in the order of the plan. */
  readonly kernels: Map<string, KernelView>;
}

export function newRunView(): RunView {
  return {
    started: null,
    host: null,
    hosts: new Map(),
    merged: null,
    finished: null,
    cells: new Map(),
    kernels: new Map(),
  };
}

/** Takes in one event. An event about a cell that was never planned changes nothing. */
export function applyEvent(view: RunView, event: RunEvent): void {
  switch (event.type) {
    case 'run-started':
      view.started = event;
      break;
    case 'host-noted':
      if (event.label === undefined) view.host = event;
      else view.hosts.set(event.label, event);
      break;
    case 'cell-planned':
      view.cells.set(event.cell.id, { cell: event.cell, boots: [], judged: null });
      kernelView(view, event.cell.kernel);
      break;
    case 'kernel-ready':
      kernelView(view, event.kernel).ready = event;
      break;
    case 'kernel-failed':
      kernelView(view, event.kernel).failed = event;
      break;
    case 'cell-started':
      // One that begins once more, in a resumed run, has its attempts still before it.
      setBoot(view, event.cell, event.boot, { started: event, retried: [] });
      break;
    case 'cell-retried':
      setBoot(view, event.cell, event.boot, { retried: [...retriedOf(view, event), event] });
      break;
    case 'cell-finished':
      setBoot(view, event.cell, event.boot, { finished: event });
      break;
    case 'cell-judged': {
      const cell = view.cells.get(event.cell);
      if (cell !== undefined) cell.judged = event;
      break;
    }
    case 'run-resumed':
      // The end that an interruption had written was not the end.
      view.finished = null;
      break;
    case 'run-merged':
      view.merged = event;
      break;
    case 'run-finished':
      view.finished = event;
      break;
  }
}

function kernelView(view: RunView, name: string): KernelView {
  let kernel = view.kernels.get(name);
  if (kernel === undefined) {
    kernel = { ready: null, failed: null };
    view.kernels.set(name, kernel);
  }
  return kernel;
}

function retriedOf(view: RunView, { cell, boot }: CellRetried): readonly CellRetried[] {
  return view.cells.get(cell)?.boots.find((one) => one.boot === boot)?.retried ?? [];
}

function setBoot(view: RunView, id: string, boot: number, part: Partial<BootView>): void {
  const boots = view.cells.get(id)?.boots;
  if (boots === undefined) return;
  const at = boots.findIndex((b) => b.boot === boot);
  const old = boots[at] ?? { boot, started: null, retried: [], finished: null };
  if (at < 0) boots.push({ ...old, ...part });
  else boots[at] = { ...old, ...part };
  boots.sort((a, b) => a.boot - b.boot);
}

/** What became of a cell. */
export interface CellResult {
  readonly outcome: Outcome;
  readonly reason: string;
  /** Planned, but the run ended before it was judged. */
  readonly lost: boolean;
}

/** The result of a cell; one that was never judged is lost, which is infra-error, never silently absent. */
export function resultOf(cell: CellView): CellResult {
  if (cell.judged !== null) return { outcome: cell.judged.outcome, reason: cell.judged.reason, lost: false };
  const open = cell.boots.find((b) => b.finished === null);
  const reason =
    open !== undefined
      ? `lost: the run ended while boot ${open.boot} of this cell was going on`
      : cell.boots.length > 0
        ? 'lost: the run ended before this cell was judged'
        : 'not run: the run ended before this cell was started';
  return { outcome: 'infra-error', reason, lost: true };
}

/** Outcomes of all planned cells, lost ones included. */
export function countOutcomes(cells: Iterable<CellView>): Record<Outcome, number> {
  const counts = Object.fromEntries(OUTCOMES.map((o) => [o, 0])) as Record<Outcome, number>;
  for (const cell of cells) counts[resultOf(cell).outcome]++;
  return counts;
}
