/**
 * Progress as plain lines, if there is no terminal: each begins with the time since the run began. What takes long is told
 * of again before anybody takes it for dead.
 */
import { secondsText } from '../../base/figures.ts';
import { oneLine } from '../../base/safe-text.ts';
import { SILENCE_MS } from '../../host/progress-line.ts';
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

/** `repeat` calls back now and then, for people who watch; a file needs no such lines. */
export function linesReporter(
  sink: Sink,
  nowMs: () => number = Date.now,
  repeat: (look: () => void) => () => void = () => () => {},
): Reporter {
  const view = newRunView();
  let written: Promise<unknown> = Promise.resolve();
  let failure: unknown;
  let announced = false;
  let judged = 0;
  /** What was told of last before the first boot, and the boots that are going on, each with its start. */
  let preparing = '';
  const booting = new Map<string, { readonly startedMs: number; guestS: number | null }>();
  let lastMs = nowMs();

  const stop = repeat(() => {
    if (nowMs() - lastMs < SILENCE_MS) return;
    const guests = [...booting].map(([name, { startedMs, guestS }]) => {
      const inGuest = guestS === null ? '' : `, ${guestS.toFixed(1)} s in the guest`;
      return `${name} for ${Math.round((nowMs() - startedMs) / 1000)} s${inGuest}`;
    });
    const what = guests.length > 0 ? `still booting ${guests.join('; ')}` : preparing;
    if (what !== '') say(null, what);
  });

  function say(event: RunEvent | null, text: string): void {
    lastMs = nowMs();
    const started = view.started === null ? nowMs() : Date.parse(view.started.at);
    const at = event !== null && 'at' in event ? Date.parse(event.at) : nowMs();
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
      if (event.type === 'cell-started')
        booting.set(`${event.cell} boot ${event.boot}`, { startedMs: nowMs(), guestS: null });
      else if (event.type === 'cell-finished') booting.delete(`${event.cell} boot ${event.boot}`);
      if (event.type === 'cell-judged') judged++;
      if (event.type === 'run-started' || event.type === 'cell-planned') return;
      if (!announced) say(event, planText(view));
      announced = true;
      const text = textOf(event, view, judged);
      if (text !== null) say(event, text);
    },
    progress(progress) {
      if (progress.type === 'kernel-progress') preparing = `${progress.kernel}: ${progress.text}`;
      else {
        const guest = booting.get(`${progress.cell} boot ${progress.boot}`);
        if (guest !== undefined) guest.guestS = progress.guestS;
      }
    },
    async close() {
      stop();
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
