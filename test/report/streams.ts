/** Streams that keep what is written, with the looks of a terminal or a pipe. */
import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { applyEvent, newRunView, type RunView } from '../../harness/record/run-view.ts';
import type { RunEvent } from '../../harness/record/types.ts';

export class MemoryStream extends Writable {
  text = '';
  isTTY: boolean;
  columns: number;
  rows: number;
  constructor(isTTY = false, columns = 80, rows = 24) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
    this.columns = columns;
    this.rows = rows;
  }
  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
  /** What was written since the last call, without escape sequences. */
  take(): string {
    const text = stripVTControlCharacters(this.text);
    this.text = '';
    return text;
  }
}

export function viewOf(events: readonly RunEvent[]): RunView {
  const view = newRunView();
  for (const event of events) applyEvent(view, event);
  return view;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
export const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;
