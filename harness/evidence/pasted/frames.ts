/** What an editor, a table or a list has put around nearly all lines of a text, taken off: lines in, lines out. */
import type { RawLine } from './structured.ts';

/** Of the lines with anything on them, the share that has it, and so many at the least. */
const SHARE = 0.75;
const LEAST = 2;
/** A broken line may be numbered at its first part alone. */
const SHARE_NUMBERED = 0.4;

const NUMBER = /^\s*(\d{1,7})(?:[\t ]*[:.)|](?!\d)|(?=[\t ]))[\t ]*/;

const FRAMES: readonly (readonly [RegExp, (inner: string) => string])[] = [
  // cat -A, and editors that show line ends
  [/^(.*)\$$/, (inner) => inner.replaceAll('^I', ' ')],
  [/^\s*\|(.*)\|\s*$/, (inner) => inner],
  [/^\s*`(.*)`\s*$/, (inner) => inner],
  // a list of texts in JSON
  [/^\s*("(?:[^"\\]|\\.)*"),?\s*$/, stringOf],
];

function stringOf(json: string): string {
  try {
    return String(JSON.parse(json));
  } catch {
    return json.slice(1, -1);
  }
}

/** Nothing on it, or what opens and closes a list or a table. */
const isBlank = ({ text }: RawLine): boolean => /^[\s[\](){},|:-]*$/.test(text);

/** Lines that are numbered one by one lose their numbers, which are no part of a message that goes on below. */
function withoutNumbers(lines: readonly RawLine[]): readonly RawLine[] {
  const full = lines.filter((line) => !isBlank(line));
  const numbers = full.flatMap(({ text }) => NUMBER.exec(text)?.[1] ?? []).map(Number);
  const steps = numbers.filter((number, index) => number === Number(numbers[index - 1]) + 1).length;
  if (
    steps + 1 < LEAST ||
    numbers.length < full.length * SHARE_NUMBERED ||
    steps < (numbers.length - 1) * SHARE
  )
    return lines;
  return lines.map((line) => ({ ...line, text: line.text.replace(NUMBER, '') }));
}

function withoutFrames(lines: readonly RawLine[]): readonly RawLine[] {
  let out = lines;
  for (const [pattern, inner] of FRAMES) {
    const full = out.filter((line) => !isBlank(line));
    const framed = full.filter(({ text }) => pattern.test(text)).length;
    if (framed < LEAST || framed < full.length * SHARE) continue;
    out = out.map((line) => {
      const match = pattern.exec(line.text);
      return match === null ? line : { ...line, text: inner(match[1] ?? '') };
    });
  }
  return out;
}

/** Twice: what is in a table may be numbered, and in back quotes. */
export function unframed(lines: readonly RawLine[]): readonly RawLine[] {
  return withoutFrames(withoutNumbers(withoutFrames(lines)));
}
