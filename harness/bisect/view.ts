/** What a search shows while it runs: a picture that changes on a terminal, else a line for each thing that happened. */

import { createLogUpdate } from 'log-update';
import { clockText, fitWidth } from '../base/figures.ts';
import { oneLine } from '../base/safe-text.ts';
import { interruption } from '../host/interruption.ts';
import { progressLine } from '../host/progress-line.ts';
import type { OutputStream } from '../host/sink.ts';

export interface Status {
  /** "3f2a91... fix it" */
  readonly subject: string;
  readonly purpose: string;
  /** Candidates that are still possible, of how many. */
  readonly left: number;
  readonly candidates: number;
  readonly tests: number;
  readonly testsLeft: number;
  /** The likeliest, and how likely; null if every answer is certain. */
  readonly best: string | null;
}

export interface View {
  status(status: Status): void;
  /** What is going on with the present subject. */
  doing(text: string): void;
  /** Something that happened, to stay on the screen. */
  said(text: string): void;
  close(): void;
}

const FRAME_MS = 200;

/** Pure: what the terminal shows. */
export function frameOf(status: Status, doing: string, elapsedMs: number, columns: number): string {
  const steps = `step ${status.tests + 1} of about ${status.tests + Math.max(1, status.testsLeft)}`;
  const head = `bisect  ${clockText(elapsedMs)}  ${status.left} of ${status.candidates} left, ${steps}`;
  const detail = [status.best ?? '', `${status.purpose}: ${status.subject}`, doing].filter(
    (line) => line !== '',
  );
  return [head, ...detail.map((line) => `  ${oneLine(line)}`)]
    .map((line) => fitWidth(line, columns))
    .join('\n');
}

export function openView(stream: OutputStream): View {
  return stream.isTTY === true && process.env.TERM !== 'dumb' ? liveView(stream) : plainView(stream);
}

function liveView(stream: OutputStream): View {
  const area = createLogUpdate(stream);
  const startedMs = Date.now();
  let status: Status | undefined;
  let doing = '';
  let closed = false;
  const draw = (): void => {
    if (status === undefined || closed) return;
    area(frameOf(status, doing, Date.now() - startedMs, Math.max(20, (stream.columns ?? 80) - 1)));
  };
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  const clear = (): void => area.clear();
  const signal = interruption();
  signal.addEventListener('abort', clear);
  return {
    status: (next) => {
      status = next;
      doing = '';
    },
    doing: (text) => {
      doing = text;
    },
    said: (text) => {
      area.clear();
      area.persist(fitWidth(oneLine(text), Math.max(20, (stream.columns ?? 80) - 1)));
      draw();
    },
    close: () => {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      signal.removeEventListener('abort', clear);
      area.clear();
      area.done();
    },
  };
}

function plainView(stream: OutputStream): View {
  const line = progressLine(stream);
  const write = (text: string): void => void stream.write(`tscmatrix: ${oneLine(text)}\n`);
  return {
    status: ({ purpose, subject, left, candidates }) =>
      write(`${purpose}: ${subject} (${left} of ${candidates} left)`),
    doing: line.show,
    said: write,
    close: line.clear,
  };
}
