/** What is going on: one line that changes on a terminal, else a line now and then. */
import { createLogUpdate } from 'log-update';
import { oneLine } from '../base/safe-text.ts';

export interface ProgressLine {
  readonly show: (text: string) => void;
  readonly clear: () => void;
}

const TERMINAL_MS = 100;
const PLAIN_MS = 10_000;

/** Counts change many times a second; what is left out is only ever followed by something newer. */
export function progressLine(
  stream: NodeJS.WriteStream,
  nowMs: () => number = () => performance.now(),
): ProgressLine {
  const live = stream.isTTY === true && process.env.TERM !== 'dumb' ? createLogUpdate(stream) : undefined;
  let lastMs = Number.NEGATIVE_INFINITY;
  let lastKind = '';
  return {
    show: (text) => {
      // The same words with other numbers are the same kind of news.
      const kind = text.replace(/\d.*$/, '');
      const dueMs = live === undefined ? PLAIN_MS : TERMINAL_MS;
      if (kind === lastKind && nowMs() - lastMs < dueMs) return;
      lastKind = kind;
      lastMs = nowMs();
      const line = oneLine(text);
      if (live === undefined) stream.write(`tscmatrix: ${line}\n`);
      else live(line.slice(0, (stream.columns ?? 80) - 1));
    },
    clear: () => live?.clear(),
  };
}
