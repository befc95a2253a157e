/** A console for the page: safe lines, the probe's frame headers as tags, what is too much left out and said. */

import { LINE_CAP_CHARS } from '../../base/neutralise.ts';
import { type ConsoleLine, readConsole } from '../../evidence/console.ts';
import { readHeader } from '../../evidence/frames.ts';
import type { ConsolePage, PackedLine } from './types.ts';

/** Characters of one console that a page holds, half from its beginning and half from its end. */
export const CONSOLE_LIMIT_CHARS = 256 * 1024;
/** A shorter line counts as one of this length. */
const SHORT_LINE_CHARS = 32;
/** Lines around each cited line that are kept even if the rest is left out. */
const CONTEXT_LINES = 8;

interface ConsoleSource {
  readonly path: string;
  readonly title: string;
  readonly bytes: Uint8Array;
  /** Numbers of the lines that a diagnosis cites; null if it cites another file. */
  readonly cited: readonly number[] | null;
}

/** `whole`: up to the limit. `excerpt`: only what is cited, with the lines around it. */
export function consolePage(source: ConsoleSource, extent: 'whole' | 'excerpt'): ConsolePage {
  const all = readConsole(source.bytes);
  const near = nearby(source.cited ?? [], CONTEXT_LINES);
  const kept = extent === 'whole' ? endsOf(all, near) : all.filter((line) => near.has(line.n));
  const lineCount = all.at(-1)?.n ?? 0;
  const { path, title } = source;
  const notes = notesOf(all, kept, extent, path);
  return {
    path,
    title,
    bytes: source.bytes.length,
    lineCount,
    lines: packLines(kept),
    notes,
    cited: source.cited !== null,
  };
}

function nearby(cited: readonly number[], around: number): ReadonlySet<number> {
  const near = new Set<number>();
  for (const n of cited) for (let i = n - around; i <= n + around; i++) near.add(i);
  return near;
}

function endsOf(all: readonly ConsoleLine[], near: ReadonlySet<number>): readonly ConsoleLine[] {
  const total = all.reduce((sum, line) => sum + weight(line), 0);
  if (total <= CONSOLE_LIMIT_CHARS) return all;
  let before = 0;
  return all.filter((line) => {
    const start = before;
    before += weight(line);
    const half = CONSOLE_LIMIT_CHARS / 2;
    return before <= half || start >= total - half || near.has(line.n);
  });
}

/** Many short lines weigh as much on a page as few long ones. */
function weight({ text }: ConsoleLine): number {
  return Math.max(SHORT_LINE_CHARS, text.length + 1);
}

function notesOf(
  all: readonly ConsoleLine[],
  kept: readonly ConsoleLine[],
  extent: 'whole' | 'excerpt',
  path: string,
): string[] {
  const notes: string[] = [];
  const left = all.length - kept.length;
  if (left > 0) {
    const why =
      extent === 'excerpt'
        ? 'this page holds only what is cited of the consoles of expected cells, or it would be too large'
        : `a page holds ${CONSOLE_LIMIT_CHARS / 1024} KiB of a console`;
    notes.push(`${left} of ${all.length} lines are left out: ${why}. The whole is in ${path}.`);
  }
  const cut = kept.filter((line) => line.end - line.start > LINE_CAP_CHARS && line.text.endsWith(' [cut]'));
  if (cut.length > 0)
    notes.push(
      `${cut.length === 1 ? 'One line is' : `${cut.length} lines are`} cut after ${LINE_CAP_CHARS} characters.`,
    );
  if (kept.some((line) => line.altered))
    notes.push('Escape sequences are taken out, and bytes that are not printable UTF-8 are shown as \\xHH.');
  return notes;
}

/** The probe sends the kernel's log again, so that every other line is there twice: the second is a reference. */
function packLines(lines: readonly ConsoleLine[]): PackedLine[] {
  const places = new Map<string, number>();
  return lines.map((line, i) => {
    const frame = readHeader(line.text);
    const text = frame === null ? line.text : frame.payload;
    const place = text.length > 12 ? places.get(text) : undefined;
    if (place === undefined) places.set(text, i);
    return [line.n, frame?.kind ?? '', place ?? text];
  });
}
