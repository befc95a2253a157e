/** The search against an oracle that is wrong at a known rate: what the noise model is worth. Pure, seeded. */
import { decide, type Search } from '../../harness/bisect/decide.ts';
import { lineOf } from '../../harness/bisect/history.ts';
import type { Counts } from '../../harness/bisect/noise.ts';

export interface SimulatedSearch {
  readonly right: boolean;
  /** Of all kinds: ends, search and confirmation. */
  readonly boots: number;
}

/** mulberry32: 32 bits of state are plenty for a few thousand draws, and every platform draws the same. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One search over a line of commits; the first new one is drawn, and each answer is wrong with `wrong`. */
export function simulateSearch(
  commits: number,
  wrong: number,
  confidence: number,
  random: () => number,
): SimulatedSearch {
  const ids = Array.from({ length: commits + 1 }, (_, index) => String(index));
  const truth = 1 + Math.floor(random() * commits);
  const search: Search = {
    history: lineOf(ids.slice(1)),
    old: '0',
    new: String(commits),
    bases: [],
    parents: (id) => [String(Number(id) - 1)],
    exact: false,
    confidence,
  };
  const boots = new Map<string, Counts>();
  const seen = { images: new Map<string, string>(), boots, skipped: new Set<string>() };
  for (let count = 0; ; count++) {
    const { action } = decide(search, seen);
    if (action.kind === 'end') {
      return { right: action.end.kind === 'found' && Number(action.end.id) === truth, boots: count };
    }
    const isNew = Number(action.id) >= truth;
    const saysNew = random() < wrong ? !isNew : isNew;
    const before = boots.get(action.id) ?? { olds: 0, news: 0 };
    boots.set(action.id, {
      olds: before.olds + (saysNew ? 0 : 1),
      news: before.news + (saysNew ? 1 : 0),
    });
  }
}

/** Plain bisection with so many boots at each step, the majority deciding; ends and answer likewise. */
export function simulateFixed(
  commits: number,
  wrong: number,
  repeats: number,
  random: () => number,
): SimulatedSearch {
  const truth = 1 + Math.floor(random() * commits);
  let boots = 0;
  const majority = (at: number): boolean => {
    let news = 0;
    for (let boot = 0; boot < repeats; boot++) {
      boots++;
      const isNew = at >= truth;
      if (random() < wrong ? !isNew : isNew) news++;
    }
    return news * 2 > repeats;
  };
  let [low, high] = [0, commits];
  let right = !majority(low) && majority(high);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (majority(middle)) high = middle;
    else low = middle;
  }
  right &&= high === truth;
  return { right, boots };
}

export interface Row {
  readonly method: string;
  readonly right: number;
  readonly trials: number;
  readonly meanBoots: number;
  /** 95 of 100 trials take no more. */
  readonly p95Boots: number;
}

export function tabulate(method: string, trials: readonly SimulatedSearch[]): Row {
  const boots = trials.map((trial) => trial.boots).sort((a, b) => a - b);
  return {
    method,
    right: trials.filter(({ right }) => right).length,
    trials: trials.length,
    meanBoots: boots.reduce((sum, count) => sum + count, 0) / boots.length,
    p95Boots: boots[Math.ceil(boots.length * 0.95) - 1] ?? 0,
  };
}
