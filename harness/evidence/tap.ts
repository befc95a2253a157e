/** What a test wrote as results: TAP and KTAP points, and numbers. Loaded only where tests ran: the parser is large. */
import { Parser } from 'tap-parser';
import { safeText } from '../base/neutralise.ts';

export interface Point {
  /** Names of the points that it is part of, and its own, joined by dots. */
  readonly name: string;
  readonly state: 'pass' | 'fail' | 'skip';
  /** The reason of a SKIP, what is wrong with the point as such; else empty. */
  readonly note: string;
  /** Line of the output, from 1; 0 where it was not found again. */
  readonly line: number;
}

export interface TapResult {
  readonly points: readonly Point[];
  /** Why it is no pass although no point failed; null if it is one. */
  readonly fault: string | null;
  /** The plan itself says that all is skipped. */
  readonly skippedAll: boolean;
}

export interface TestNumber {
  readonly name: string;
  readonly value: number;
  readonly line: number;
}

/** More are left out, and said to be. */
export const POINTS_MAX = 1000;
const NAME_MAX = 200;
/** Deeper lines are no results: 20 levels of KTAP. */
const INDENT_MAX = 40;
const BEGINS = /^(?:K?TAP version \d+|1\.\.\d+)\b/m;
const KTAP = /^KTAP version \d+/m;
const NUMBER =
  '([A-Za-z_][\\w./-]{0,79})=([+-]?(?:\\d{1,20}(?:\\.\\d{1,20})?|\\.\\d{1,20})(?:[eE][+-]?\\d{1,3})?)';
const NUMBERS = new RegExp(`^(?:# *)?${NUMBER}(?:[ ,]+${NUMBER})*$`);

/**
 * TAP without what is between the results: the parser would make values of YAML blocks, by tags that name functions. KTAP
 * (Documentation/dev-tools/ktap.rst) becomes TAP 14: it indents by two, and begins each level with its own version.
 */
function plainTap(text: string): string {
  const isKtap = KTAP.test(text);
  let block: string | null = null;
  return text
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', rest = ''] = /^( *)(.*)$/.exec(line) ?? [];
      // The parser takes the square of their depth, and more.
      if (indent.length > INDENT_MAX) return [];
      if (block === null && rest.trimEnd() === '---') block = indent;
      if (block !== null) {
        if (block === indent && rest.trimEnd() === '...') block = null;
        // A block that nobody closes ends with the next result of a level above it.
        else if (indent.length < block.length && /^(?:not )?ok\b/.test(rest)) block = null;
        else return [];
        if (rest.startsWith('...')) return [];
      }
      if (!isKtap) return [line];
      if (/^KTAP version \d+/.test(rest)) return indent === '' ? ['TAP version 14'] : [];
      return [indent + indent + rest];
    })
    .join('\n');
}

interface Assert {
  readonly ok: boolean;
  readonly name: string;
  readonly id: number;
  readonly skip: boolean | string;
  readonly todo: boolean | string;
  readonly tapError: { readonly toString: () => string } | string | null;
}
interface Complete {
  readonly bailout: boolean | string;
  readonly plan: { readonly start: number | null; readonly end: number | null; readonly skipAll?: boolean };
  readonly count: number;
}
type Event = readonly [kind: string, value?: unknown];

/** Null for what is no TAP: only its exit code counts then. */
export function readTap(text: string): TapResult | null {
  if (!BEGINS.test(text)) return null;
  let events: readonly Event[];
  try {
    events = Parser.parse(plainTap(text)) as unknown as readonly Event[];
  } catch (error) {
    // Levels without end, for one.
    return { points: [], fault: `its TAP cannot be read: ${(error as Error).message}`, skippedAll: false };
  }
  const points: Point[] = [];
  const faults: string[] = [];
  const done = walk(events, '', { points, faults, places: placesIn(text) });
  // Without a plan and points the parser says so too.
  const skippedAll = done?.plan.skipAll === true && /^1\.\.0\b/m.test(text);
  if (points.length === 0 && done?.plan.end == null && !skippedAll) return null;
  return { points, fault: faults[0] ?? null, skippedAll };
}

interface Found {
  readonly points: Point[];
  readonly faults: string[];
  readonly places: ReadonlyMap<number, readonly Place[]>;
}
interface Place {
  readonly line: number;
  readonly text: string;
}

/** Lines that look like points, by their number. */
function placesIn(text: string): Map<number, Place[]> {
  const places = text.split('\n').flatMap((line, index) => {
    const id = /^\s*(?:not )?ok (\d{1,9})\b/.exec(line)?.[1];
    return id === undefined ? [] : [{ id: Number(id), line: index + 1, text: line }];
  });
  return Map.groupBy(places, ({ id }) => id);
}

/** The parts of a point stand before it, as children. */
function walk(events: readonly Event[], prefix: string, found: Found): Complete | null {
  let children: readonly Event[][] = [];
  let complete: Complete | null = null;
  const nest = (name: string): void => {
    for (const child of children) walk(child, `${prefix}${name}.`, found);
    children = [];
  };
  for (const [kind, value] of events) {
    if (kind === 'child') children = [...children, value as Event[]];
    if (kind === 'assert') {
      const point = value as Assert;
      const name = safeText(Buffer.from(point.name)).text.slice(0, NAME_MAX) || `#${point.id}`;
      nest(name);
      if (found.points.length < POINTS_MAX) found.points.push(pointOf(point, prefix, name, found.places));
      else if (stateOf(point) === 'fail') found.faults.push(`${prefix}${name} failed`);
    }
    if (kind === 'complete') complete = value as Complete;
  }
  nest('?');
  if (complete !== null) {
    const { plan, count, bailout } = complete;
    const planned = plan.end === null || plan.start === null ? null : plan.end - plan.start + 1;
    const where = prefix === '' ? '' : ` of ${prefix.slice(0, -1)}`;
    if (bailout !== false)
      found.faults.push(
        `it bailed out${typeof bailout === 'string' ? `: ${bailout.slice(0, NAME_MAX)}` : ''}`,
      );
    if (planned !== null && plan.skipAll !== true && count !== planned)
      found.faults.push(`${count} of ${planned} planned results${where} came`);
  }
  return complete;
}

function stateOf({ ok, skip, todo, tapError }: Assert): Point['state'] {
  if (tapError !== null) return 'fail';
  // A test that is known to fail (TODO) says as little as one that was not made.
  return skip !== false || (todo !== false && !ok) ? 'skip' : ok ? 'pass' : 'fail';
}

function pointOf(point: Assert, prefix: string, own: string, places: Found['places']): Point {
  const { ok, skip, todo, tapError, id } = point;
  const line = places.get(id)?.find(({ text }) => text.includes(own))?.line ?? 0;
  const notes = [tapError === null ? '' : String(tapError), skip, ok ? '' : todo].filter(
    (note) => typeof note === 'string',
  );
  const note = safeText(Buffer.from(notes.join(' ').trim())).text.slice(0, NAME_MAX);
  return { name: prefix + own, state: stateOf(point), note, line };
}

/** NAME=VALUE, one or more on a line that holds nothing else, also as a comment of TAP. */
export function readNumbers(text: string): TestNumber[] {
  const numbers: TestNumber[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.trimEnd();
    if (words.length > 2000 || !NUMBERS.test(words)) continue;
    for (const [, name = '', value = ''] of words.matchAll(new RegExp(NUMBER, 'g'))) {
      if (numbers.length < POINTS_MAX) numbers.push({ name, value: Number(value), line: index + 1 });
    }
  }
  return numbers;
}
