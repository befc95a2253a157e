/** What git's own bisect is told: every verdict that is certain. Pure. */
import { countsOf, type Search, sideOfCounts } from './decide.ts';
import type { Mark } from './git-bisect.ts';
import { hasBit } from './history.ts';
import type { Belief } from './posterior.ts';
import type { SearchState } from './state.ts';

export function marksOf(search: Search, { seen }: SearchState, belief: Belief): Mark[] {
  const marks: Mark[] = [];
  for (const id of new Set([...seen.images.keys(), ...seen.skipped])) {
    if (id === search.old || id === search.new) continue;
    if (seen.skipped.has(id)) {
      marks.push({ id, as: 'skip' });
      continue;
    }
    const side =
      search.exact || search.bases.includes(id)
        ? sideOfCounts(countsOf(id, seen), search.exact)
        : certainSide(id, search, belief);
    if (side === 'old' || side === 'new') marks.push({ id, as: side });
  }
  return marks;
}

/** In a noisy search the side that all answers together make as good as certain, not only its own. */
function certainSide(id: string, { history, confidence }: Search, { probability }: Belief) {
  const past = history.past(id);
  if (past === null) return null;
  let share = 0;
  for (const [index, p] of probability.entries()) if (hasBit(past, index)) share += p;
  return share >= confidence ? 'new' : share <= 1 - confidence ? 'old' : null;
}
