/**
 * What is searched: candidates for "the first new one", and which of them each has in its past. Pure. A list of
 * kernels is a line; commits are a graph, of which a limit to paths makes only some candidates.
 */

export interface History {
  /** Candidates, parents before children. */
  readonly ids: readonly string[];
  /** Each has exactly those before it in its past. */
  readonly linear: boolean;
  /** The candidates that a node of the range has in its past, itself included, as bits; null for an unknown node. */
  readonly past: (id: string) => Bits | null;
  readonly indexOf: (id: string) => number | undefined;
}

/** One bit for each candidate. */
export type Bits = Uint32Array;

export interface Node {
  readonly id: string;
  readonly parents: readonly string[];
}

export function hasBit(bits: Bits, index: number): boolean {
  return (((bits[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1;
}

function setBit(bits: Bits, index: number): void {
  bits[index >>> 5] = (bits[index >>> 5] ?? 0) | (1 << (index & 31));
}

/** Pasts that are remembered at most. */
const KEPT = 8192;

/** A history in which each follows the one before it. */
export function lineOf(ids: readonly string[]): History {
  return historyOf(ids.map((id, index) => ({ id, parents: index === 0 ? [] : [ids[index - 1] ?? ''] })));
}

/**
 * `nodes` are all of the range, parents before children; parents outside the range are passed over. Only `chosen` are
 * candidates, all if it is absent.
 */
export function historyOf(nodes: readonly Node[], chosen?: ReadonlySet<string>): History {
  const place = new Map(nodes.map(({ id }, index) => [id, index]));
  const parents = nodes.map((node) => node.parents.flatMap((id) => place.get(id) ?? []));
  const linear = parents.every((list, index) =>
    index === 0 ? list.length === 0 : list.length === 1 && list[0] === index - 1,
  );
  const ids = nodes.map(({ id }) => id).filter((id) => chosen === undefined || chosen.has(id));
  const index = new Map(ids.map((id, at) => [id, at]));
  const bitOf = nodes.map(({ id }) => index.get(id));
  const known = new Map<number, Bits>();

  // Found when it is asked for: of a long history only few are ever looked at.
  const pastOf = (start: number): Bits => {
    const before = known.get(start);
    if (before !== undefined) return before;
    const bits = new Uint32Array(Math.ceil(ids.length / 32));
    const seen = new Uint8Array(start + 1);
    const waiting = [start];
    seen[start] = 1;
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const bit = bitOf[at];
      if (bit !== undefined) setBit(bits, bit);
      for (const parent of parents[at] ?? []) {
        if (seen[parent] === 1) continue;
        seen[parent] = 1;
        waiting.push(parent);
      }
    }
    // They are large in a long history, and a search soon leaves most of them behind.
    if (known.size >= KEPT) known.clear();
    known.set(start, bits);
    return bits;
  };
  return {
    ids,
    linear,
    past: (id) => {
      const at = place.get(id);
      return at === undefined ? null : pastOf(at);
    },
    indexOf: (id) => index.get(id),
  };
}

/** For each candidate, what the weights of its past add up to. Of a graph only for `wanted`; others are 0. */
export function weightOfPast(
  history: History,
  weights: Float64Array,
  wanted: readonly number[],
): Float64Array {
  const sums = new Float64Array(weights.length);
  if (history.linear) {
    let sum = 0;
    for (let index = 0; index < weights.length; index++) {
      sum += weights[index] ?? 0;
      sums[index] = sum;
    }
    return sums;
  }
  // Only what has any weight is added up: late in a search that is little.
  const heavy = [...weights.keys()].filter((index) => (weights[index] ?? 0) > 0);
  for (const index of wanted) {
    const bits = history.past(history.ids[index] ?? '');
    if (bits === null) continue;
    let sum = 0;
    for (const other of heavy) if (hasBit(bits, other)) sum += weights[other] ?? 0;
    sums[index] = sum;
  }
  return sums;
}
