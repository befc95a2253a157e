/**
 * How probable it is of each candidate that it is the first new one, from all answers so far. Pure. A test is on the
 * new side exactly if the first new one is in its past.
 */
import { type Bits, type History, hasBit } from './history.ts';
import { type Counts, sideWith } from './noise.ts';

/** Answers of a test: a candidate or another node of the range by its past, the new end ("all"), or the old ("none"). */
export interface Answers extends Counts {
  readonly past: Bits | 'all' | 'none';
}

/** Two tests that are the same kernel: they are on the same side. */
export interface Same {
  readonly one: Answers['past'];
  readonly other: Answers['past'];
}

export interface Belief {
  /** Sums up to 1; all 0 if the answers contradict each other. */
  readonly probability: Float64Array;
  /** Rates of wrong answers, as far as they are known: of old ones called new, and the other way round. */
  readonly oldCalledNew: number;
  readonly newCalledOld: number;
}

const within = (past: Answers['past'], index: number): boolean =>
  past === 'all' || (past !== 'none' && hasBit(past, index));

/** `exact`: an answer is never wrong. */
export function believe(
  history: History,
  answers: readonly Answers[],
  same: readonly Same[],
  exact: boolean,
): Belief {
  const size = history.ids.length;
  const ln = new Float64Array(size);
  const rates = { old: new Float64Array(size), new: new Float64Array(size) };
  let highest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < size; index++) {
    // Were this one the first new one: what was said of old ones and of new ones.
    let oldWrong = 0;
    let oldRight = 0;
    let newWrong = 0;
    let newRight = 0;
    for (const { past, olds, news } of answers) {
      if (within(past, index)) {
        newWrong += olds;
        newRight += news;
      } else {
        oldWrong += news;
        oldRight += olds;
      }
    }
    const impossible =
      same.some(({ one, other }) => within(one, index) !== within(other, index)) ||
      (exact && oldWrong + newWrong > 0);
    if (exact) ln[index] = 0;
    else {
      const old = sideWith(oldWrong, oldRight);
      const fresh = sideWith(newWrong, newRight);
      ln[index] = old.ln + fresh.ln;
      rates.old[index] = old.rate;
      rates.new[index] = fresh.rate;
    }
    if (impossible) ln[index] = Number.NEGATIVE_INFINITY;
    highest = Math.max(highest, ln[index] ?? highest);
  }
  const probability = new Float64Array(size);
  if (highest === Number.NEGATIVE_INFINITY) return { probability, oldCalledNew: 0, newCalledOld: 0 };
  let sum = 0;
  for (let index = 0; index < size; index++) {
    const weight = Math.exp((ln[index] ?? 0) - highest);
    probability[index] = weight;
    sum += weight;
  }
  let oldCalledNew = 0;
  let newCalledOld = 0;
  for (let index = 0; index < size; index++) {
    const share = (probability[index] ?? 0) / sum;
    probability[index] = share;
    oldCalledNew += share * (rates.old[index] ?? 0);
    newCalledOld += share * (rates.new[index] ?? 0);
  }
  return { probability, oldCalledNew, newCalledOld };
}

/** The likeliest candidate, and how many are possible at all (at least a thousandth as likely as it). */
export function summary({ probability }: Belief): { best: number; share: number; left: number } {
  let best = 0;
  for (let index = 1; index < probability.length; index++) {
    if ((probability[index] ?? 0) > (probability[best] ?? 0)) best = index;
  }
  const share = probability[best] ?? 0;
  return { best, share, left: share === 0 ? 0 : probability.filter((p) => p * 1000 >= share).length };
}
