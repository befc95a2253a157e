/** How much of an upstream commit is in a patch or a series, hunk by hunk. */
import { type ChangedLine, type Changes, counts } from './lines.ts';
import type { ExtraHunk, UpstreamHunk } from './types.ts';

export interface Comparison {
  readonly reverse: boolean;
  readonly found: number;
  readonly of: number;
  readonly complete: boolean;
  readonly hunks: readonly UpstreamHunk[];
  /** Lines of the patch that the commit changes in the same way. */
  readonly used: ReadonlySet<ChangedLine>;
}

/** Both ways round; the better one. */
export function compareChanges(patch: Changes, upstream: Changes): Comparison {
  const forward = compareOneWay(patch, upstream, false);
  const backward = compareOneWay(patch, upstream, true);
  return backward.found > forward.found ? backward : forward;
}

/** Whether there is enough in common to name the commit: all of it, half of it in two lines or more, or a whole hunk of such. */
export function isAlike({ found, of, hunks }: Comparison): boolean {
  if (found === 0) return false;
  if (found === of) return true;
  return (
    (found > 1 && found * 2 >= of) || hunks.some(({ state, found: lines }) => state === 'same' && lines > 1)
  );
}

function compareOneWay(patch: Changes, upstream: Changes, reverse: boolean): Comparison {
  const pool = new Map<string, ChangedLine[]>();
  for (const line of patch.lines.filter(counts)) {
    const name = nameOf(line, reverse);
    pool.set(name, [...(pool.get(name) ?? []), line]);
  }
  const used = new Set<ChangedLine>();
  const missing = new Set<ChangedLine>();
  for (const line of upstream.lines.filter(counts)) {
    const match = pool.get(nameOf(line, false))?.shift();
    if (match === undefined) missing.add(line);
    else used.add(match);
  }
  const hunks = upstream.hunks.map((_, index) => upstreamHunk(patch, upstream, index, missing));
  const of = hunks.reduce((sum, hunk) => sum + hunk.of, 0);
  const found = hunks.reduce((sum, hunk) => sum + hunk.found, 0);
  return {
    reverse,
    found,
    of,
    complete: hunks.every(({ state }) => state === 'same' || state === 'only-order'),
    hunks,
    used,
  };
}

function nameOf({ file, sign, key }: ChangedLine, flip: boolean): string {
  const seen = flip ? (sign === '-' ? '+' : '-') : sign;
  // Split off in v4.6: the capabilities of older trees are in cpufeature.h.
  const now = file.replace(/\/asm\/cpufeature\.h$/, '/asm/cpufeatures.h');
  return `${now}\0${seen}${key}`;
}

function upstreamHunk(
  patch: Changes,
  upstream: Changes,
  index: number,
  missing: ReadonlySet<ChangedLine>,
): UpstreamHunk {
  const place = upstream.hunks[index];
  const own = upstream.lines.filter(({ hunk }) => hunk === index);
  const lines = own.filter(counts);
  const lacks = lines.filter((line) => missing.has(line)).map(({ sign, text }) => sign + text);
  const found = lines.length - lacks.length;
  // Which of two lines that change places diff shows as the moved one is its choice: it is enough that one moves there.
  const moves = own.some(({ moved }) => moved) && !movesIn(patch, place?.file ?? '', place?.function ?? null);
  if (moves) lacks.push(...own.filter(({ moved }) => moved).map(({ sign, text }) => sign + text));
  const state =
    lines.length === 0 ? 'only-order' : found === 0 ? 'missing' : lacks.length === 0 ? 'same' : 'partly';
  return {
    file: place?.file ?? '',
    number: place?.number ?? 0,
    function: place?.function ?? null,
    state,
    found,
    of: lines.length,
    missing: lacks,
  };
}

function movesIn(patch: Changes, file: string, name: string | null): boolean {
  return patch.lines.some(
    (line) => line.moved && line.file === file && patch.hunks[line.hunk]?.function === name,
  );
}

/** What the patch changes beside the lines in `used`. */
export function extraHunks(patch: Changes, used: ReadonlySet<ChangedLine>): ExtraHunk[] {
  return patch.hunks.flatMap((place, index) => {
    const lines = patch.lines.filter((line) => line.hunk === index && counts(line) && !used.has(line));
    return lines.length === 0 ? [] : [{ ...place, lines: lines.map(({ sign, text }) => sign + text) }];
  });
}
