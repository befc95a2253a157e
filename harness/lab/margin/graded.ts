/**
 * One boot that asks for several delays at once. If the reads of a sample are disturbed at random, from a seed, its tries take
 * different times: 3d + kD for k disturbed reads of three. The seed is chosen so that the first tries of the refinement have k =
 * 3, 2, 1, 0 in this order, and the count of reads, taken from outside the guest, then tells which of them was accepted: one boot
 * narrows the margin to a fifth, if a plain one halves it. It is a hint and never an answer: the count rests on what
 * refinement does (tsc_refine_calibration_work() in arch/x86/kernel/tsc.c), a plain delay on nothing. Pure.
 */
import { MAX_RETRIES } from '../../base/kernel-constants.ts';
import type { RefDelay } from '../../matrix/types.ts';
import { READS_A_SAMPLE, type Reference } from './limits.ts';

/** What the reads of an undelayed boot were, in a kernel that refines. */
export interface ReadPlan {
  readonly reference: Reference;
  /** By firmware and kernel before the first try of the refinement's start sample. */
  readonly before: number;
}

export interface GradedBoot {
  readonly refDelay: RefDelay;
  /** The plain delays, ns per read, that the tries are worth, the longest (the first tried) first. */
  readonly levelsNs: readonly number[];
  readonly plan: ReadPlan;
  /** By so much its hint may be off on either side, ns: a try of a long sample may hold a timer interrupt that others do not. */
  readonly slackNs: number;
}

const MASK = (1n << 64n) - 1n;
const COUNTERS = 2n;
const COUNTER: Readonly<Record<Reference, bigint>> = { pm: 0n, hpet: 1n };
/** Half of all reads. */
const PROBABILITY = 0.5;
const SEEDS = 1_000_000;

/** draw() of images/exits/kvm-exits.c: splitmix64 of the number of the read, against chances of 2^32. */
export function isDisturbed(
  reference: Reference,
  seed: number,
  nth: number,
  probability = PROBABILITY,
): boolean {
  let z = (BigInt(seed) + (BigInt(nth) * COUNTERS + COUNTER[reference]) * 0x9e3779b97f4a7c15n) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return Number((z ^ (z >> 31n)) >> 32n) < Math.round(probability * 2 ** 32);
}

/** How many different delays one boot can ask for. */
export function levelCount(reference: Reference): number {
  return READS_A_SAMPLE[reference] + 1;
}

/** Disturbed reads of the `nth` try, counted from 0. */
function disturbedOf({ reference, before }: ReadPlan, seed: number, nth: number): number {
  const reads = READS_A_SAMPLE[reference];
  const first = before + 1 + nth * reads;
  return Array.from({ length: reads }, (_, i) => isDisturbed(reference, seed, first + i)).filter(Boolean)
    .length;
}

const chosen = new Map<string, number>();

/** The first seed whose tries go from all reads disturbed down to none, and whose stop sample is then not disturbed either. */
function seedFor(plan: ReadPlan): number {
  const key = `${plan.reference} ${plan.before}`;
  const known = chosen.get(key);
  if (known !== undefined) return known;
  const wanted = Array.from(
    { length: levelCount(plan.reference) },
    (_, i) => READS_A_SAMPLE[plan.reference] - i,
  );
  // After the last try comes the stop sample, which must pass if that try did.
  const tries = [...wanted, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    if (!tries.every((k, nth) => disturbedOf(plan, seed, nth) === k)) continue;
    chosen.set(key, seed);
    return seed;
  }
  throw new Error(`no seed up to ${SEEDS} for ${key}`);
}

/** `lowestNs` is the shortest delay asked for, the others lie `spacingNs` apart above it; both whole. */
export function gradedBoot(plan: ReadPlan, lowestNs: number, spacingNs: number, slackNs = 0): GradedBoot {
  const reads = READS_A_SAMPLE[plan.reference];
  return {
    plan,
    slackNs,
    levelsNs: Array.from({ length: reads + 1 }, (_, i) => lowestNs + (reads - i) * spacingNs),
    refDelay: {
      pmNs: plan.reference === 'pm' ? lowestNs : 0,
      hpetNs: plan.reference === 'hpet' ? lowestNs : 0,
      disturbance: { kind: 'random', probability: PROBABILITY, seed: seedFor(plan), ns: spacingNs * reads },
    },
  };
}

/** What a graded boot hints at: the margin is at least `fromNs` and below `belowNs`; null is no bound. */
export interface Hint {
  readonly fromNs: number | null;
  readonly belowNs: number | null;
}

/** How a graded boot ended; `unrefined`: a stop sample was rejected in all its tries, which registers tsc all the same. */
export type GradedEnd = 'refined' | 'unrefined' | 'never';

/**
 * `reads` is what firmware and kernel had read when all was settled. Null if the count fits no try: then it tells
 * nothing.
 */
export function hintOf({ plan, levelsNs, slackNs }: GradedBoot, end: GradedEnd, reads: number): Hint | null {
  const hint = (from: number | undefined, below: number | undefined): Hint => ({
    fromNs: from === undefined ? null : from - slackNs,
    belowNs: below === undefined ? null : below + slackNs,
  });
  if (end === 'never') return hint(undefined, levelsNs.at(-1));
  const tries = (reads - plan.before) / READS_A_SAMPLE[plan.reference];
  // All but those of the stop sample and the one that was accepted were rejected.
  const rejected = tries - 1 - (end === 'unrefined' ? MAX_RETRIES : 1);
  if (!Number.isInteger(rejected) || rejected < 0) return null;
  // A second later the draws are others. Its lowest was rejected at first, and accepted then or one above it was.
  if (rejected >= levelsNs.length) return hint(levelsNs.at(-1), levelsNs.at(-2));
  return hint(levelsNs[rejected], levelsNs[rejected - 1]);
}
