/** What is going on: one line that changes on a terminal, else a line now and then, so that no long work is silent. */
import { createLogUpdate } from 'log-update';
import { oneLine } from '../base/safe-text.ts';
import type { OutputStream } from './sink.ts';

export interface ProgressLine {
  /** A count or a state, which the next one replaces. */
  readonly show: (text: string) => void;
  /** An answer: never left out of plain output, however soon after another one. */
  readonly news: (text: string) => void;
  readonly clear: () => void;
}

const TERMINAL_MS = 100;
const PLAIN_MS = 10_000;
/** No plain output is silent for 20 s. */
export const SILENCE_MS = 15_000;
const LOOK_MS = 1000;

/** Calls a function each second until the answer is called. Keeps no program alive. */
export function everySecond(look: () => void): () => void {
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Counts change many times a second; what is left out is only ever followed by something newer. */
export function progressLine(
  stream: OutputStream,
  nowMs: () => number = () => performance.now(),
  repeat: (look: () => void) => () => void = everySecond,
): ProgressLine {
  const live = stream.isTTY === true && process.env.TERM !== 'dumb' ? createLogUpdate(stream) : undefined;
  let lastMs = Number.NEGATIVE_INFINITY;
  let lastKind = '';
  let latest = '';
  let sinceMs = 0;
  let stop: (() => void) | undefined;
  const write = (line: string): void => {
    lastMs = nowMs();
    stream.write(`tscmatrix: ${line}\n`);
  };
  const breakSilence = (): void => {
    if (nowMs() - lastMs >= SILENCE_MS) write(`${latest} (for ${Math.round((nowMs() - sinceMs) / 1000)} s)`);
  };
  const put = (text: string, isNews: boolean): void => {
    // The same words with other numbers are the same kind.
    const kind = text.replace(/\d.*$/, '');
    if (isNews || kind !== lastKind) sinceMs = nowMs();
    latest = oneLine(text);
    if (live === undefined) stop ??= repeat(breakSilence);
    const dueMs = live === undefined ? PLAIN_MS : TERMINAL_MS;
    if (!isNews && kind === lastKind && nowMs() - lastMs < dueMs) return;
    lastKind = kind;
    lastMs = nowMs();
    if (live === undefined) write(latest);
    else live(latest.slice(0, (stream.columns ?? 80) - 1));
  };
  return {
    show: (text) => put(text, false),
    news: (text) => put(text, true),
    clear: () => {
      live?.clear();
      stop?.();
      stop = undefined;
    },
  };
}
