/**
 * How often a boot gives the wrong answer. Nobody knows that rate beforehand, so no figure is plugged in: every rate
 * below one half is weighed by how well it explains the answers, and summed over. Pure.
 */

/** Answers of boots: which side the guest seemed to be on. */
export interface Counts {
  readonly olds: number;
  readonly news: number;
}

/** The middles of equal cells from 0 to 1/2: something wrong more often than right would be no answer at all. */
const RATES = Array.from({ length: 200 }, (_, cell) => (cell + 0.5) / 400);
/** Before anything was seen small rates are likelier: as if three right answers had been seen. */
const IMAGINED = 3;
const LN_PRIOR = RATES.map((rate) => IMAGINED * Math.log1p(-rate));

interface Side {
  /** ln of the probability of the answers on one side. */
  readonly ln: number;
  /** The rate of wrong answers that they make likely. */
  readonly rate: number;
}

/** Counts are small and come again and again. */
const memo = new Map<number, Side>();

/** So many wrong and right answers on one side, whatever its rate of wrong ones. */
export function sideWith(wrong: number, right: number): Side {
  const key = wrong * 1_048_576 + right;
  const known = memo.get(key);
  if (known !== undefined) return known;
  const terms = RATES.map(
    (rate, cell) => (LN_PRIOR[cell] ?? 0) + wrong * Math.log(rate) + right * Math.log1p(-rate),
  );
  const highest = Math.max(...terms);
  let sum = 0;
  let weighted = 0;
  for (const [cell, term] of terms.entries()) {
    const weight = Math.exp(term - highest);
    sum += weight;
    weighted += weight * (RATES[cell] ?? 0);
  }
  const side = { ln: highest + Math.log(sum), rate: weighted / sum };
  memo.set(key, side);
  return side;
}

/** The probability that what gave these answers is on the new side, if nothing else is known of it. */
export function probabilityNew({ olds, news }: Counts): number {
  return 1 / (1 + Math.exp(sideWith(news, olds).ln - sideWith(olds, news).ln));
}
