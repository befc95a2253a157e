/** Raw console bytes to lines that are safe to show, each with its 1-based number in the file. */
import { safeText } from '../base/neutralise.ts';

export interface ConsoleLine {
  /** As an editor or `sed -n Np` counts: by line feeds (by carriage returns if there is no line feed). */
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
 * More lines are not read: a boot has thousands, and a guest's console ends at 8 MiB (guest/watch/limits.ts), of which
 * this is 32 bytes a line. Each line costs some hundred bytes of memory.
 */
export const CONSOLE_LINES_MAX = 256 * 1024;

/**
 * Splits at line feeds. A carriage return inside a line starts another entry with the same number, because
 * what follows it is a text of its own (a terminal would have overwritten the first part). If there are too many
 * lines, the last one says so in place of the rest.
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
    const readTo = start + pushParts(lines, bytes.subarray(start, stop), { n, start, end });
    if (lines.length >= CONSOLE_LINES_MAX && readTo + 1 < bytes.length) {
      const text = `[cut: more than ${CONSOLE_LINES_MAX} lines; the ${bytes.length - readTo - 1} bytes that follow are not read]`;
      lines.push({ n, text, start, end: bytes.length, altered: true });
      break;
    }
    start = end;
  }
  return lines;
}

/** One entry for each text between carriage returns; one with an empty text if there is none. Gives how far it came. */
function pushParts(
  lines: ConsoleLine[],
  line: Uint8Array,
  place: Pick<ConsoleLine, 'n' | 'start' | 'end'>,
): number {
  const before = lines.length;
  let from = 0;
  while (from < line.length && lines.length < CONSOLE_LINES_MAX) {
    const found = line.indexOf(CR, from);
    const stop = found < 0 ? line.length : found;
    if (stop > from) lines.push({ ...place, ...safeText(line.subarray(from, stop)) });
    from = stop + 1;
  }
  if (lines.length === before) lines.push({ ...place, text: '', altered: false });
  return Math.min(from, line.length);
}
