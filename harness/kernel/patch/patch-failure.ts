/** A hunk that does not apply, with both sides: what it expects, and what the tree has at that place. */
import { printable } from '../make/errors.ts';
import type { Hunk } from './patch-text.ts';

const MOST_LINES = 30;

/** The lines that a hunk wants to find, and the stretch of the file that is most like them. */
export function describeHunk(hunk: Hunk, content: string): string {
  const wanted = hunk.lines.filter((line) => !line.startsWith('+')).map((line) => line.slice(1));
  const lines = content.split('\n');
  const at = placeOf(wanted, lines, hunk.oldStart - 1);
  const found = lines.slice(at, at + wanted.length);
  const differs = (index: number): boolean => wanted[index] !== found[index];
  return [
    `  the patch expects (line ${hunk.oldStart}):`,
    ...listing(wanted, hunk.oldStart, differs),
    `  the tree has (line ${at + 1}):`,
    ...listing(found, at + 1, differs),
  ].join('\n');
}

/** Lines that differ have an exclamation mark. */
function listing(lines: readonly string[], start: number, differs: (index: number) => boolean): string[] {
  const shown = lines
    .slice(0, MOST_LINES)
    .map((line, index) =>
      printable(`  ${differs(index) ? '!' : ' '} ${String(start + index).padStart(5)} ${line}`),
    );
  return lines.length > MOST_LINES
    ? [...shown, `    ... and ${lines.length - MOST_LINES} more lines`]
    : shown;
}

/** Where most lines agree; of equal places the one nearest to where the hunk says. */
function placeOf(wanted: readonly string[], lines: readonly string[], expected: number): number {
  let best = Math.max(0, Math.min(expected, lines.length - 1));
  let bestScore = 0;
  for (let at = 0; at < lines.length; at += 1) {
    let score = 0;
    // Blank lines and lone brackets are everywhere.
    for (const [index, line] of wanted.entries()) {
      if (line === lines[at + index]) score += line.trim().length > 2 ? 10 : 1;
    }
    const nearer = Math.abs(at - expected) < Math.abs(best - expected);
    if (score > bestScore || (score === bestScore && score > 0 && nearer)) {
      best = at;
      bestScore = score;
    }
  }
  return best;
}
