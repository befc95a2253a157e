/** Folds events into what is known of a run so far. Used by the reader and by every reporter alike. */

import { EXIT } from '../base/errors.ts';
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
      addRetry(view, event);
      break;
    case 'cell-finished':
      // Earlier versions recorded an interruption as the end of a boot, which has told nothing of its guest.
      if (event.ending.kind === 'host-fault' && event.ending.code === 'interrupted') break;
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

/** Where a boot stands among a cell's, which are in the order of their numbers, or would stand. */
function placeOf(boots: readonly BootView[], boot: number): number {
  let [from, to] = [0, boots.length];
  // Mostly it is the last one, or comes after it.
  if ((boots.at(-1)?.boot ?? 0) < boot) return to;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((boots[middle]?.boot ?? 0) < boot) from = middle + 1;
    else to = middle;
  }
  return from;
}

function setBoot(view: RunView, id: string, boot: number, part: Partial<BootView>): void {
  const boots = view.cells.get(id)?.boots;
  if (boots === undefined) return;
  const at = placeOf(boots, boot);
  const known = boots[at]?.boot === boot;
  const old = known ? boots[at] : { boot, started: null, retried: [], finished: null };
  boots.splice(at, known ? 1 : 0, { ...(old as BootView), ...part });
}

function addRetry(view: RunView, event: CellRetried): void {
  const boots = view.cells.get(event.cell)?.boots;
  if (boots === undefined) return;
  const known = boots[placeOf(boots, event.boot)];
  if (known?.boot === event.boot) (known.retried as CellRetried[]).push(event);
  else setBoot(view, event.cell, event.boot, { retried: [event] });
}

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

/** Worst first: a finding about a kernel counts for more than a fault of this host beside it. */
export function exitCodeOf(counts: Readonly<Record<Outcome, number>>, interrupted: boolean): number {
  if (interrupted) return EXIT.interrupted;
  if (counts.unexpected + counts.flaky > 0) return EXIT.unexpected;
  if (counts['infra-error'] > 0) return EXIT.hostFault;
  // All skipped: nothing was found out.
  if (counts.skipped > 0 && counts.expected === 0) return EXIT.hostFault;
  return EXIT.ok;
}
