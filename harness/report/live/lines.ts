/** Progress as plain lines, if there is no terminal: each begins with the time since the run began. */
import { secondsText } from '../../base/figures.ts';
import { oneLine } from '../../base/safe-text.ts';
import type { Sink } from '../../host/sink.ts';
import { applyEvent, countOutcomes, newRunView, type RunView } from '../../record/run-view.ts';
import type { CellStarted, RunEvent } from '../../record/types.ts';
import type { Reporter } from '../reporter.ts';
import {
  countsText,
  endingText,
  OUTCOME_WORDS,
  observationText,
  shortRelease,
  troublesText,
} from '../words.ts';

export function linesReporter(sink: Sink, nowMs: () => number = Date.now): Reporter {
  const view = newRunView();
  let written: Promise<unknown> = Promise.resolve();
  let failure: unknown;
  let announced = false;
  let judged = 0;

  function say(event: RunEvent, text: string): void {
    const started = view.started === null ? nowMs() : Date.parse(view.started.at);
    const at = 'at' in event ? Date.parse(event.at) : nowMs();
    const elapsed = secondsText(Math.max(0, at - started)).padStart(9);
    written = written
      .then(() => sink.write(`[${elapsed}] ${oneLine(text)}\n`))
      .catch((error: unknown) => {
        failure ??= error;
      });
  }
  return {
    name: 'lines',
    event(event) {
      applyEvent(view, event);
      if (event.type === 'cell-judged') judged++;
      if (event.type === 'run-started' || event.type === 'cell-planned') return;
      if (!announced) say(event, planText(view));
      announced = true;
      const text = textOf(event, view, judged);
      if (text !== null) say(event, text);
    },
    async close() {
      await written;
      if (failure !== undefined) throw failure;
    },
  };
}

function planText(view: RunView): string {
  const { started, cells, kernels } = view;
  return `matrix ${started?.matrix.name ?? '?'}: ${counted(cells.size, 'cell')}, ${counted(kernels.size, 'kernel')}; run ${started?.run ?? '?'}`;
}

/** What became of a topology that was left open. */
function choiceText({ cell, acceleratorReason }: CellStarted, view: RunView): string {
  const open = view.cells.get(cell)?.cell.guest.topology === 'auto';
  return open && acceleratorReason !== undefined ? ` (${acceleratorReason})` : '';
}

function counted(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

function textOf(event: RunEvent, view: RunView, judged: number): string | null {
  switch (event.type) {
    case 'kernel-ready':
      return `kernel ${event.kernel}: ${shortRelease(event)} from ${event.origin}${event.cached ? ' (cached)' : ''}`;
    case 'kernel-failed':
      return `kernel ${event.kernel} failed: ${event.message}`;
    case 'cell-started':
      return `started ${event.cell} boot ${event.boot}${choiceText(event, view)}`;
    case 'cell-retried':
      return `retrying ${event.cell} boot ${event.boot}: ${endingText(event.ending)} (${secondsText(event.wallMs)})`;
    case 'cell-finished':
      return `finished ${event.cell} boot ${event.boot}: ${observationText(event)} (${secondsText(event.wallMs)})`;
    case 'cell-judged': {
      const why = event.outcome === 'expected' ? '' : `: ${event.reason}`;
      return `${OUTCOME_WORDS[event.outcome]} ${event.cell} (${judged}/${view.cells.size})${why}`;
    }
    case 'run-finished':
      return `${event.interrupted ? 'interrupted' : 'finished'}: ${[countsText(countOutcomes(view.cells.values())), troublesText(view)].filter((text) => text !== '').join('; ')}`;
    default:
      return null;
  }
}
