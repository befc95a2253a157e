/** A share and what it may really be, from a few nights. */
/** The normal distribution's quantile for 95 %, two-sided. */
const Z = 1.959964;

/** Wilson's score interval: unlike the usual one it holds for few nights and for shares near 0 and 1. */
export function rateOf(count: number, of: number): Rate {
  if (of === 0) return { count, of, share: null, low: null, high: null };
  const share = count / of;
  const middle = share + Z ** 2 / (2 * of);
  const half = Z * Math.sqrt((share * (1 - share)) / of + Z ** 2 / (4 * of ** 2));
  const scale = 1 + Z ** 2 / of;
  // At the ends the interval's bound is exact; sums of binary fractions miss it by a hair.
  const low = count === 0 ? 0 : (middle - half) / scale;
  const high = count === of ? 1 : (middle + half) / scale;
  return { count, of, share, low, high };
}

/** A share with its 95 % confidence interval (Wilson); nulls if there was nothing to count. */
export interface Rate {
  readonly count: number;
  readonly of: number;
  readonly share: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** " (95 % interval of the share: 6 % to 79 %)", to stand behind a count; empty if there is none. */
export function intervalText({ low, high }: Rate): string {
  if (low === null || high === null) return '';
  return ` (95 % interval of the share: ${Math.round(low * 100)} % to ${Math.round(high * 100)} %)`;
}
