/**
 * Pure. Splits a plan over N machines by expected duration and by what each machine can do. The split is a function of
 * the plan, N and the durations file alone, so every machine comes to the same one by itself.
 */
import { createHash } from 'node:crypto';
import { UserError } from '../base/errors.ts';
import { median } from '../base/figures.ts';
import { needsHostKvm, typicalMs } from '../matrix/accelerators.ts';
import type { KernelEntry } from '../matrix/types.ts';
import { type Durations, NO_DURATIONS, type ShardHost } from './durations.ts';
import type { Cell, Plan } from './types.ts';

/** `--shard I/N`. */
interface ShardChoice {
  /** From 1. */
  readonly index: number;
  readonly of: number;
}

/** Where a part stands in the whole; what a record keeps of it. */
export interface ShardPart extends ShardChoice {
  /** Digest over the matrix file and all cells of the whole plan. */
  readonly planSha256: string;
  /** Ids of all cells of the whole plan, in its order. */
  readonly planCells: readonly string[];
  /** Places in planCells, from 0, of the cells of this part, in the order of the plan. */
  readonly own: readonly number[];
}

const MAX_SHARDS = 1000;

/** Throws UserError if the text is not I/N with 1 <= I <= N. */
export function parseShard(text: string): ShardChoice {
  const match = /^(\d{1,4})\/(\d{1,4})$/.exec(text);
  const [index, of] = [Number(match?.[1]), Number(match?.[2])];
  if (match !== null && index >= 1 && index <= of && of <= MAX_SHARDS) return { index, of };
  throw new UserError(
    `--shard takes I/N, from 1/N to N/N with N up to ${MAX_SHARDS}, not ${JSON.stringify(text)}`,
  );
}

const TYPICAL_ELSE_MS = 10_000;
/** What a kernel costs a machine once: the trees of builds come from a cache as a rule. */
const SETUP_MS = { fetched: 3000, built: 20_000 };

const kindOf = ({ guest }: Cell): string => `${guest.topology} ${guest.clock}`;

/** Expected ms of each cell: its own time, else the median of its kind, else what is typical. */
function expectedMs(cells: readonly Cell[], { cells: known }: Durations): (cell: Cell) => number {
  const byKind = Map.groupBy(
    cells.filter(({ id }) => known.has(id)),
    kindOf,
  );
  const medians = new Map(
    [...byKind].map(([kind, alike]) => [kind, median(alike.map(({ id }) => known.get(id) ?? 0))]),
  );
  return (cell) =>
    known.get(cell.id) ??
    medians.get(kindOf(cell)) ??
    typicalMs(cell.guest.topology, cell.guest.clock) ??
    TYPICAL_ELSE_MS;
}

/** Whether a machine can run the cell at all; if none can, any may say so. */
function fits({ guest }: Cell, host: ShardHost): boolean {
  return (
    (!needsHostKvm(guest.topology) || host.kvm) &&
    (host.memoryMiB === undefined || guest.memoryMiB <= host.memoryMiB)
  );
}

interface Load {
  readonly host: ShardHost;
  readonly kernels: Set<string>;
  ms: number;
}

function hostsOf(of: number, { hosts }: Durations): readonly ShardHost[] {
  if (hosts === null) return Array.from({ length: of }, () => ({ kvm: true, speed: 1 }));
  if (hosts.length === of) return hosts;
  throw new UserError(
    `the durations file describes ${hosts.length} hosts, and there are ${of} shards`,
    'give it one entry for each shard, in their order, or none',
  );
}

/**
 * The longest cells first; of those that take as long, the first of each kernel before its second, so that kernels are
 * spread before they are shared.
 */
function longestFirst(cells: readonly Cell[], expected: (cell: Cell) => number): readonly Cell[] {
  // By code units: a locale would sort differently on another machine.
  const byId = (a: Cell, b: Cell): number => (a.id < b.id ? -1 : 1);
  const sorted = [...cells].sort((a, b) => expected(b) - expected(a) || byId(a, b));
  const seen = new Map<string, number>();
  const ranks = new Map<Cell, number>();
  for (const cell of sorted) {
    const rank = seen.get(cell.kernel) ?? 0;
    seen.set(cell.kernel, rank + 1);
    ranks.set(cell, rank);
  }
  const rankOf = (cell: Cell): number => ranks.get(cell) ?? 0;
  return sorted.sort((a, b) => expected(b) - expected(a) || rankOf(a) - rankOf(b) || byId(a, b));
}

/** The shard, from 0, of each cell by id: the longest cells first, each to where it would be done soonest. */
function assign(plan: Plan, of: number, durations: Durations): ReadonlyMap<string, number> {
  const expected = expectedMs(plan.cells, durations);
  const kernels = new Map<string, KernelEntry>(plan.kernels.map((kernel) => [kernel.name, kernel]));
  const setupMs = (kernel: string): number =>
    SETUP_MS[kernels.get(kernel)?.source.kind === 'build' ? 'built' : 'fetched'];
  const loads: Load[] = hostsOf(of, durations).map((host) => ({ host, kernels: new Set(), ms: 0 }));
  const shards = new Map<string, number>();
  for (const cell of longestFirst(plan.cells, expected)) {
    const doneAt = ({ host, kernels, ms }: Load): number =>
      ms + (expected(cell) + (kernels.has(cell.kernel) ? 0 : setupMs(cell.kernel))) / host.speed;
    const able = loads.filter(({ host }) => fits(cell, host));
    const choices = able.length === 0 ? loads : able;
    const best = choices.reduce((a, b) => (doneAt(b) < doneAt(a) ? b : a));
    best.ms = doneAt(best);
    best.kernels.add(cell.kernel);
    shards.set(cell.id, loads.indexOf(best));
  }
  return shards;
}

/** Digest of what a plan runs: the same for the same matrix and filters on every machine. */
export function planSha256(plan: Pick<Plan, 'matrixSha256' | 'cells'>): string {
  return createHash('sha256')
    .update(JSON.stringify([plan.matrixSha256, plan.cells]))
    .digest('hex');
}

/** Which part of the plan shard I of N is. Together the N parts are the plan, each cell once. */
export function shardPart(plan: Plan, { index, of }: ShardChoice, durations = NO_DURATIONS): ShardPart {
  const shards = assign(plan, of, durations);
  return {
    index,
    of,
    planSha256: planSha256(plan),
    planCells: plan.cells.map(({ id }) => id),
    own: plan.cells.flatMap(({ id }, i) => (shards.get(id) === index - 1 ? [i] : [])),
  };
}

/** The cells of one part as a plan of its own, which may have none; the whole plan if there is no part. */
export function ownPart(plan: Plan, part: ShardPart | undefined): Plan {
  if (part === undefined) return plan;
  const ids = new Set(part.own.map((i) => part.planCells[i]));
  const cells = plan.cells.filter(({ id }) => ids.has(id));
  const used = new Set(cells.map(({ kernel }) => kernel));
  return { ...plan, cells, kernels: plan.kernels.filter(({ name }) => used.has(name)) };
}
