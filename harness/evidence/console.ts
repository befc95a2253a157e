/** Raw console bytes to lines that are safe to show, each with its 1-based number in the file. */
import { safeText } from '../base/neutralise.ts';

export interface ConsoleLine {
  /** As an editor or `sed -n Np` counts: by line feeds (by carriage returns where there is no line feed). */
  readonly n: number;
  /** Printable text: escape sequences removed, every other odd byte written as \xHH. */
  readonly text: string;
  /** Offset of the first byte, and of the byte after the line with its line end. */
  readonly start: number;
  readonly end: number;
  /** The bytes were not plain printable UTF-8: something was removed, escaped or cut. */
  readonly altered: boolean;
}

const LF = 0x0a;
const CR = 0x0d;

/**
 * Splits at line feeds. A carriage return inside a line starts another entry with the same number, because
 * what follows it is a text of its own (a terminal would have overwritten the first part).
 */
export function readConsole(bytes: Uint8Array): ConsoleLine[] {
  const lines: ConsoleLine[] = [];
  const separator = bytes.includes(LF) || !bytes.includes(CR) ? LF : CR;
  let n = 0;
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(separator, start);
    const stop = found < 0 ? bytes.length : found;
    const end = found < 0 ? bytes.length : found + 1;
    n += 1;
    for (const part of splitAtReturns(bytes.subarray(start, stop))) {
      const { text, altered } = safeText(part);
      lines.push({ n, text, start, end, altered });
    }
    start = end;
  }
  return lines;
}

function splitAtReturns(line: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (;;) {
    const at = line.indexOf(CR, from);
    const part = line.subarray(from, at < 0 ? line.length : at);
    if (part.length > 0) parts.push(part);
    if (at < 0) break;
    from = at + 1;
  }
  return parts.length > 0 ? parts : [line.subarray(0, 0)];
}
