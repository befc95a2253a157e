/** Which candidate to test next: the one whose answer is expected to tell most. Pure. */
import { type History, weightOfPast } from './history.ts';
import type { Belief } from './posterior.ts';

interface ChoiceOptions {
  /** Candidates that cannot be tested. */
  readonly skipped: ReadonlySet<number>;
  readonly exact: boolean;
  /** What testing a candidate takes, in boots; without it all cost the same. */
  readonly cost?: (index: number) => number;
}

export interface Choice {
  readonly index: number;
  /** Bits that its answer is expected to tell. */
  readonly information: number;
}

/** With more candidates than this only some of them are weighed, spread evenly over what is probable. */
const MOST_WEIGHED = 4096;
const POOL = 1024;
/** Of so little probability there is nothing to be learnt by a test of it: what is below is rounding. */
const NEGLIGIBLE = 1e-9;
/** What a build that fails costs beside one that does not: it ends at the first error. */
const FAILED_BUILD = 0.3;
/** Below this an answer tells nothing: what is left is rounding. */
const NOTHING = 1e-9;

const entropy = (p: number): number =>
  p <= 0 || p >= 1 ? 0 : -(p * Math.log2(p) + (1 - p) * Math.log2(1 - p));

/** Bits of an answer if `probabilityNew` is the probability of the new side. */
function informationOf(probabilityNew: number, belief: Belief): number {
  const { oldCalledNew, newCalledOld } = belief;
  const saidNew = probabilityNew * (1 - newCalledOld) + (1 - probabilityNew) * oldCalledNew;
  const noise = probabilityNew * entropy(newCalledOld) + (1 - probabilityNew) * entropy(oldCalledNew);
  return entropy(saidNew) - noise;
}

/** Null if no test that can be made tells anything. */
export function chooseTest(history: History, belief: Belief, options: ChoiceOptions): Choice | null {
  const { probability } = belief;
  const pool = poolOf(probability);
  const sums = weightOfPast(history, probability, pool);
  const builds = chanceToBuild(probability.length, options.skipped);
  const left = probability.filter((p) => p > 0).length;
  let best: (Choice & { readonly steps: number; readonly worth: number }) | null = null;
  for (const index of pool) {
    if (options.skipped.has(index)) continue;
    const share = Math.min(1, sums[index] ?? 0);
    const information = informationOf(share, belief);
    if (information < NOTHING) continue;
    // If answers are certain, nothing may cost a step more than halving needs; that alone is not enough to choose.
    const larger = Math.round(Math.max(share, 1 - share) * left);
    const steps = options.exact ? Math.ceil(Math.log2(larger)) : 0;
    const chance = builds(index);
    const price = (chance + (1 - chance) * FAILED_BUILD) * (options.cost?.(index) ?? 1);
    const worth = (information * chance) / price;
    if (best === null || steps < best.steps || (steps === best.steps && worth > best.worth)) {
      best = { index, information, steps, worth };
    }
  }
  return best === null ? null : { index: best.index, information: best.information };
}

function poolOf(probability: Float64Array): readonly number[] {
  const highest = probability.reduce((most, p) => Math.max(most, p), 0);
  const likely = [...probability.keys()].filter((index) => (probability[index] ?? 0) > highest * NEGLIGIBLE);
  if (likely.length <= MOST_WEIGHED) return likely;
  const pool = new Set<number>();
  let sum = 0;
  for (const [index, p] of probability.entries()) {
    const slot = Math.floor(sum * POOL);
    sum += p;
    if (Math.floor(sum * POOL) > slot) pool.add(index);
  }
  return [...pool];
}

/**
 * A candidate next to one that does not build most likely does not either: what broke the one is in the other. The
 * longer the row of those that failed, the further away it is worth to look.
 */
function chanceToBuild(size: number, skipped: ReadonlySet<number>): (index: number) => number {
  if (skipped.size === 0) return () => 1;
  const sorted = [...skipped].sort((a, b) => a - b);
  const rows: { first: number; last: number }[] = [];
  for (const at of sorted) {
    const row = rows.at(-1);
    // Two failures with a few untested ones between them are taken for one row.
    if (row !== undefined && at - row.last <= Math.max(8, row.last - row.first + 1)) row.last = at;
    else rows.push({ first: at, last: at });
  }
  return (index) => {
    let chance = 1;
    for (const { first, last } of rows) {
      const distance = index < first ? first - index : index > last ? index - last : 0;
      const reach = Math.min(size, last - first + 2);
      chance *= distance === 0 ? 0.1 : 1 - Math.exp(-distance / reach);
    }
    return chance;
  };
}
