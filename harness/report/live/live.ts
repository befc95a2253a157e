/** The live view of a run in a terminal. What is not expected scrolls by above it as it comes. */
import { createLogUpdate } from 'log-update';
import { clockText } from '../../base/figures.ts';
import { oneLine } from '../../base/safe-text.ts';
import { interruption } from '../../host/interruption.ts';
import type { OutputStream } from '../../host/sink.ts';
import { applyEvent, countOutcomes, newRunView } from '../../record/run-view.ts';
import type { RunEvent } from '../../record/types.ts';
import type { Reporter } from '../reporter.ts';
import { paint } from '../table.ts';
import { countsText, endingText, OUTCOME_WORDS, troublesText } from '../words.ts';
import { frameOf, type LiveGuest, type LiveState } from './live-frame.ts';

interface LiveOptions {
  readonly colour: boolean;
  readonly nowMs?: () => number;
  /** Calls `draw` again and again; gives the function that ends it. */
  readonly repeat?: (draw: () => void) => () => void;
}

const FRAME_MS = 200;

function everyFrame(draw: () => void): () => void {
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  return () => clearInterval(timer);
}

export function liveReporter(stream: OutputStream, options: LiveOptions): Reporter {
  const { colour, nowMs = Date.now, repeat = everyFrame } = options;
  const view = newRunView();
  const kernels = new Map<string, string>();
  const guests = new Map<string, LiveGuest>();
  const state: LiveState = { view, kernels, guests, startedMs: nowMs() };
  const area = createLogUpdate(stream);
  let closed = false;

  const draw = () => {
    // A line as wide as the terminal may wrap, so leave the last column free.
    const size = { columns: Math.max(20, (stream.columns ?? 80) - 1), rows: stream.rows ?? 24 };
    area(frameOf(state, size, nowMs(), colour));
  };
  const stop = repeat(draw);
  stream.on('resize', draw);
  const makeRoom = () => area.clear();
  // Somebody else speaks then, in the place of the picture.
  const signal = interruption();
  signal.addEventListener('abort', makeRoom);

  function follow(event: RunEvent): void {
    applyEvent(view, event);
    if (event.type === 'cell-started') {
      const { cell, boot } = event;
      guests.set(`${cell} ${boot}`, { cell, boot, startedMs: nowMs(), progress: null });
    } else if (event.type === 'cell-finished') {
      guests.delete(`${event.cell} ${event.boot}`);
    } else if (event.type === 'cell-retried') {
      area.persist(oneLine(`retrying ${event.cell}: ${endingText(event.ending)}`));
    } else if (event.type === 'kernel-ready') {
      kernels.delete(event.kernel);
    } else if (event.type === 'kernel-failed') {
      kernels.delete(event.kernel);
      area.persist(oneLine(`kernel ${event.kernel} failed: ${event.message}`));
    } else if (event.type === 'cell-judged' && !['expected', 'skipped'].includes(event.outcome)) {
      const word = paint(OUTCOME_WORDS[event.outcome], event.outcome, colour);
      area.persist(`${word} ${oneLine(`${event.cell}: ${event.reason}`)}`);
    }
  }
  return {
    name: 'live',
    event: follow,
    progress(progress) {
      if (progress.type === 'kernel-progress') kernels.set(progress.kernel, progress.text);
      else {
        const guest = guests.get(`${progress.cell} ${progress.boot}`);
        if (guest !== undefined) guest.progress = progress;
      }
    },
    close() {
      if (closed) return;
      closed = true;
      stop();
      stream.off('resize', draw);
      signal.removeEventListener('abort', makeRoom);
      area.clear();
      const judged = [...view.cells.values()].filter((cell) => cell.judged !== null);
      const amiss = troublesText(view);
      area.persist(
        `${countsText(countOutcomes(judged))} in ${clockText(nowMs() - state.startedMs)}${amiss === '' ? '' : `; ${amiss}`}`,
      );
      // Shows the cursor again.
      area.done();
    },
  };
}
