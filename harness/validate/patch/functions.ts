/** Which function of a C file a hunk changes, as far as the hunk itself shows it. */
import type { Hunk } from '../../kernel/patch/patch-text.ts';

/** The name of what the hunk's first change is in; null at file level and if it cannot be seen. */
export function functionOf(hunk: Hunk): string | null {
  const first = firstChange(hunk);
  for (let at = first; at >= 0; at -= 1) {
    const line = (hunk.lines[at] ?? '').slice(1);
    // The end of something, or a declaration of one line: what follows is at file level again.
    if (at < first && /^\S.*;\s*$|^\}/.test(line)) return nameIn(following(hunk, first));
    const name = nameIn(line);
    if (name !== null) return name;
  }
  return nameIn(hunk.section);
}

/** How many lines of context come first. */
export function firstChange(hunk: Hunk): number {
  return hunk.lines.findIndex((line) => !line.startsWith(' '));
}

/** The name of what a line of a file, counted from 1, is in; null at file level. */
export function functionAt(text: string, line: number): string | null {
  const lines = text.split('\n');
  for (let at = Math.min(line, lines.length) - 1; at >= 0; at -= 1) {
    if (/^\}|^\S.*;\s*$/.test(lines[at] ?? '')) return null;
    const name = nameIn(lines[at] ?? '');
    if (name !== null) return name;
  }
  return null;
}

/** If a change is between two functions, it belongs to the one that begins in it. */
function following(hunk: Hunk, first: number): string {
  const changed = hunk.lines.slice(first).filter((line) => !line.startsWith(' '));
  return changed.map((line) => line.slice(1)).find((line) => nameIn(line) !== null) ?? '';
}

/** git's own rule for C without a driver: a line that begins with a letter; labels and preprocessor lines are none. */
function nameIn(line: string): string | null {
  if (!/^[A-Za-z_]/.test(line) || /^\w+:/.test(line)) return null;
  const name =
    /(\w+)\s*\(/.exec(line.replace(/__attribute__\s*\(\(.*?\)\)/g, '')) ?? /(\w+)(?:\[\])?\s*=/.exec(line);
  if (name?.[1] === undefined || (/;\s*$/.test(line) && !line.includes('{'))) return null;
  return name[1];
}
