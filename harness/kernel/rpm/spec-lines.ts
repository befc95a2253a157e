/** Lines of a spec file: sections, conditionals and comments, as far as a patch has to find its place among them. */

export interface SpecLines {
  readonly lines: readonly string[];
  /** Before the first section: tags and macros of the main package. */
  readonly preamble: Range;
  /** Null if there is no %prep. */
  readonly prep: Range | null;
}

/** `from` is included, `to` is not. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** rpm's build/parseSpec.c, partList. */
const SECTION =
  /^%(?:package|prep|generate_buildrequires|conf|build|install|check|clean|pre|post|preun|postun|pretrans|posttrans|trigger\w*|files|changelog|description|verify\w*|filetrigger\w*|transfiletrigger\w*|sepolicy|patchlist|sourcelist)\b/;
const OPENS = /^\s*%if(?:n?arch|n?os)?\b/;
const CLOSES = /^\s*%endif\b/;

export function readSpecLines(text: string): SpecLines {
  const lines = text.split('\n');
  const starts = lines.flatMap((line, at) => (SECTION.test(line) ? [at] : []));
  const end = (at: number): number => starts.find((start) => start > at) ?? lines.length;
  const prep = starts.find((at) => /^%prep\b/.test(lines[at] ?? ''));
  return {
    lines,
    preamble: { from: 0, to: starts[0] ?? lines.length },
    prep: prep === undefined ? null : { from: prep + 1, to: end(prep) },
  };
}

export function isComment(line: string): boolean {
  return /^\s*(?:#|%dnl\b)/.test(line);
}

/** The places within a range whose lines match and are no comments. */
export function findLines({ lines }: SpecLines, { from, to }: Range, pattern: RegExp): number[] {
  return lines
    .slice(from, to)
    .flatMap((line, at) => (pattern.test(line) && !isComment(line) ? [from + at] : []));
}

/**
 * Where something is put behind these places so that it counts whatever a condition says: behind the last that stands under
 * no %if of the range, else behind the %endif that ends all of them. Null for no places.
 */
export function placeBehind(spec: SpecLines, range: Range, places: readonly number[]): number | null {
  if (places.length === 0) return null;
  const depths = depthsOf(spec, range);
  const open = places.filter((at) => depths.get(at) === 0).at(-1);
  let at = open ?? places.at(-1) ?? range.from;
  // Behind the %endif that ends the outermost condition, and behind what a backslash makes one line.
  while (
    at + 1 < range.to &&
    (open === undefined ? (depths.get(at + 1) ?? 0) > 0 : spec.lines[at]?.endsWith('\\'))
  )
    at += 1;
  return at + 1;
}

/** How many %if each line stands under; one that opens or closes counts as inside. */
function depthsOf({ lines }: SpecLines, { from, to }: Range): Map<number, number> {
  const depths = new Map<number, number>();
  let depth = 0;
  for (let at = from; at < to; at += 1) {
    const line = lines[at] ?? '';
    if (OPENS.test(line)) depth += 1;
    depths.set(at, depth);
    if (CLOSES.test(line)) depth = Math.max(0, depth - 1);
  }
  return depths;
}
