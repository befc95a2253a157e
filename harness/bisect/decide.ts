/**
 * What to do next, from all that has been seen so far, and nothing else: so a search that was cut off goes on where it
 * was. First the ends, then the search, then the answer and its parents once more. Pure.
 */
import { chooseTest } from './choose.ts';
import type { History } from './history.ts';
import { type Counts, probabilityNew } from './noise.ts';
import { type Answers, type Belief, believe, type Same, summary } from './posterior.ts';

export type Side = 'old' | 'new';

/** What is searched for, and between which ends. */
export interface Search {
  readonly history: History;
  readonly old: string;
  readonly new: string;
  /** If the old end is not in the new end's past: common ancestors, which have to be old as well. */
  readonly bases: readonly string[];
  /** The real parents of a candidate: what the answer is confirmed against. */
  readonly parents: (id: string) => readonly string[];
  /** One answer is enough: the guest's clock is deterministic. */
  readonly exact: boolean;
  /** The probability at which the search stops. */
  readonly confidence: number;
}

/** By the subject's id. Faults of the host are not in it: they say nothing. */
export interface Tally {
  readonly images: ReadonlyMap<string, string>;
  readonly boots: ReadonlyMap<string, Counts>;
  /** Subjects that cannot be tested. */
  readonly skipped: ReadonlySet<string>;
}

type Purpose = 'old end' | 'new end' | 'common ancestor' | 'search' | 'confirm';

type Action =
  | { readonly kind: 'test'; readonly id: string; readonly purpose: Purpose; readonly stepsLeft: number }
  | { readonly kind: 'end'; readonly end: End };

/** How a search can end. */
export type End =
  | { readonly kind: 'found'; readonly id: string; readonly confidence: number }
  /** What is left cannot be told apart: too many of it cannot be tested. */
  | { readonly kind: 'set'; readonly ids: readonly string[] }
  | { readonly kind: 'wrong-ends'; readonly old: Side; readonly new: Side }
  | { readonly kind: 'new-base'; readonly id: string }
  | { readonly kind: 'untestable-end'; readonly id: string }
  | { readonly kind: 'same-ends' }
  | { readonly kind: 'unclear-end'; readonly id: string }
  /** No single candidate explains all answers. */
  | { readonly kind: 'contradiction' }
  | { readonly kind: 'unclear' };

/** When an end counts as certain, and after how many boots it never will. */
const END_CERTAIN = 0.99;
const END_BOOTS = 120;
/** Boots of the answer and of its parents, at least. */
const CONFIRM_EXACT = 2;
const CONFIRM_NOISY = 3;

export interface State {
  readonly action: Action;
  readonly belief: Belief;
  readonly summary: { readonly best: number; readonly share: number; readonly left: number };
}

/** The side of something that was booted on its own, whatever else is known; null while it is not clear. */
export function sideOfCounts(counts: Counts, exact: boolean): Side | 'unclear' | null {
  const { olds, news } = counts;
  const boots = olds + news;
  if (boots === 0) return null;
  if (exact) return olds > 0 && news > 0 ? 'unclear' : news > 0 ? 'new' : 'old';
  const share = probabilityNew(counts);
  if (share >= END_CERTAIN) return 'new';
  if (share <= 1 - END_CERTAIN) return 'old';
  return boots >= END_BOOTS ? 'unclear' : null;
}

/** Answers for an image, whichever subject it was booted for. */
export function countsOf(id: string, seen: Tally): Counts {
  const image = seen.images.get(id);
  let olds = 0;
  let news = 0;
  for (const [other, counts] of seen.boots) {
    if (other !== id && (image === undefined || seen.images.get(other) !== image)) continue;
    olds += counts.olds;
    news += counts.news;
  }
  return { olds, news };
}

function pastOf(search: Search, id: string): Answers['past'] {
  if (id === search.old) return 'none';
  return search.history.past(id) ?? (id === search.new ? 'all' : 'none');
}

/** Subjects with the same image are on the same side. */
function sameOf(search: Search, seen: Tally): Same[] {
  const first = new Map<string, string>();
  const same: Same[] = [];
  for (const [id, image] of seen.images) {
    const before = first.get(image);
    if (before === undefined) first.set(image, id);
    else same.push({ one: pastOf(search, before), other: pastOf(search, id) });
  }
  return same;
}

/** `cost`: what a test of a candidate takes, in boots. */
export function decide(search: Search, seen: Tally, cost?: (id: string) => number): State {
  const { history, exact } = search;
  const answers = [...seen.boots].map(([id, counts]) => ({ ...counts, past: pastOf(search, id) }));
  const belief = believe(history, answers, sameOf(search, seen), exact);
  const found = summary(belief);
  const state = (action: Action): State => ({ action, belief, summary: found });
  const ends = judgeEnds(search, seen, stepsFor(search.history.ids.length, search));
  if (ends !== null) return state(ends);

  const end = (what: End): State => state({ kind: 'end', end: what });
  if (found.share === 0) return end({ kind: 'contradiction' });
  const skipped = new Set([...seen.skipped].flatMap((id) => history.indexOf(id) ?? []));
  if (exact ? found.left > 1 : found.share < search.confidence) {
    if (tooMany(search, seen)) return end({ kind: 'unclear' });
    const choice = chooseTest(history, belief, {
      skipped,
      exact,
      ...(cost === undefined ? {} : { cost: (index: number) => cost(history.ids[index] ?? '') }),
    });
    if (choice === null) return end({ kind: 'set', ids: possible(history, belief) });
    const id = history.ids[choice.index] ?? '';
    return state({ kind: 'test', id, purpose: 'search', stepsLeft: stepsFor(found.left, search) });
  }
  const id = history.ids[found.best] ?? '';
  const need = exact ? CONFIRM_EXACT : CONFIRM_NOISY;
  for (const subject of [id, ...search.parents(id)]) {
    const { olds, news } = countsOf(subject, seen);
    if (seen.skipped.has(subject) || olds + news >= need) continue;
    return state({ kind: 'test', id: subject, purpose: 'confirm', stepsLeft: 0 });
  }
  return end({ kind: 'found', id, confidence: exact ? 1 : found.share });
}

function judgeEnds(search: Search, seen: Tally, stepsLeft: number): Action | null {
  const { exact } = search;
  const purposes: readonly (readonly [string, Purpose])[] = [
    [search.old, 'old end'],
    [search.new, 'new end'],
    ...search.bases.map((id) => [id, 'common ancestor'] as const),
  ];
  const images = [search.old, search.new].map((id) => seen.images.get(id));
  if (images[0] !== undefined && images[0] === images[1]) return { kind: 'end', end: { kind: 'same-ends' } };
  const sides: Side[] = [];
  for (const [id, purpose] of purposes) {
    if (seen.skipped.has(id)) {
      // Of a common ancestor only that it is not new is wanted to be known.
      if (purpose === 'common ancestor') continue;
      return { kind: 'end', end: { kind: 'untestable-end', id } };
    }
    const side = sideOfCounts(countsOf(id, seen), exact);
    if (side === null) {
      const endsLeft = purposes.length - sides.length;
      return { kind: 'test', id, purpose, stepsLeft: endsLeft + stepsLeft };
    }
    if (side === 'unclear') return { kind: 'end', end: { kind: 'unclear-end', id } };
    if (purpose === 'common ancestor' && side === 'new')
      return { kind: 'end', end: { kind: 'new-base', id } };
    sides.push(side);
    const [first = 'old', last] = sides;
    if (sides.length === 2 && last !== undefined && (first !== 'old' || last !== 'new')) {
      return { kind: 'end', end: { kind: 'wrong-ends', old: first, new: last } };
    }
  }
  return null;
}

/** Tests still to come: halvings, or what so noisy answers tell in bits. */
function stepsFor(left: number, { exact, confidence }: Search): number {
  const halvings = Math.ceil(Math.log2(Math.max(1, left)));
  return exact ? halvings : halvings * 2 + Math.ceil(Math.log2(1 / (1 - confidence)) / 2);
}

/** So many answers that more of them will not help: nearly every second one is wrong. */
function tooMany({ history, exact }: Search, seen: Tally): boolean {
  if (exact) return false;
  let boots = 0;
  for (const { olds, news } of seen.boots.values()) boots += olds + news;
  return boots > 200 + 60 * Math.ceil(Math.log2(history.ids.length + 1));
}

/** Those that the answers leave, parents first. */
function possible(history: History, { probability }: Belief): string[] {
  const highest = Math.max(...probability);
  return history.ids.filter((_, index) => (probability[index] ?? 0) * 1000 >= highest);
}
