/** How long cells are expected to take, from what they took before. For shards that end at the same time. */
import type { DatabaseSync } from 'node:sqlite';
import { UserError } from '../base/errors.ts';
import { median } from '../base/figures.ts';
import { DURATIONS_VERSION } from '../plan/durations.ts';
import type { Plan } from '../plan/types.ts';
import { type History, withHistory } from './open.ts';
import { HIDDEN } from './query.ts';
import { inSnapshot } from './schema.ts';
import type { DurationOf, ExpectedDuration } from './types.ts';

/** Older boots were on older kernels, other hosts. */
const NIGHTS = 20;

/**
 * Each cell by id, with the median wall time of one boot: of its own last nights in whatever matrix, else of its
 * kernel in the same topology and clock, else of these two, else of all cells. Empty if there is no history.
 */
export function expectedDurations(
  { database }: Pick<History, 'database'>,
  cells: readonly DurationOf[],
): Map<string, ExpectedDuration> {
  const rows = inSnapshot(database, () => bootsOf(database));
  const kindOf = ({ topology, clock }: Pick<DurationOf, 'topology' | 'clock'>) => `${topology} ${clock}`;
  const kernelOf = (one: Pick<DurationOf, 'kernel' | 'topology' | 'clock'>) => `${one.kernel} ${kindOf(one)}`;
  const levels = [
    ['cell', medians(rows, ({ cell }) => cell), ({ id }: DurationOf) => id],
    ['kernel', medians(rows, kernelOf), kernelOf],
    ['topology', medians(rows, kindOf), kindOf],
    ['all', medians(rows, () => ''), () => ''],
  ] as const;
  const expected = new Map<string, ExpectedDuration>();
  for (const cell of cells) {
    for (const [from, known, keyOf] of levels) {
      const ms = known.get(keyOf(cell));
      if (ms === undefined) continue;
      expected.set(cell.id, { ms, from });
      break;
    }
  }
  return expected;
}

interface BootRow extends Omit<DurationOf, 'id'> {
  readonly cell: string;
  readonly ms: number;
}

function bootsOf(database: DatabaseSync): BootRow[] {
  const cells = database.prepare('SELECT id, cell, kernel, topology, clock FROM cells').all();
  const nights = database.prepare(
    `SELECT 1.0 * wall_ms / boots AS ms FROM nights
     WHERE cell_id = ? AND boots > 0 AND run_id NOT IN (${HIDDEN})
     ORDER BY at_ms DESC LIMIT ${NIGHTS}`,
  );
  return cells.flatMap(({ id, ...cell }) =>
    nights.all(id as number).map(({ ms }) => ({ ...cell, ms: Number(ms) }) as BootRow),
  );
}

function medians<T extends { readonly ms: number }>(
  rows: readonly T[],
  keyOf: (row: T) => string,
): Map<string, number> {
  const groups = Map.groupBy(rows, keyOf);
  return new Map([...groups].map(([key, members]) => [key, median(members.map(({ ms }) => ms))]));
}

/** What the recorded runs say of how long the cells of a plan take: the file of run's --durations. */
interface DurationsFile {
  readonly version: typeof DURATIONS_VERSION;
  /** Wall time of one boot by the cell's id, ms. */
  readonly cells: Readonly<Record<string, number>>;
}

/** Throws UserError if no run says anything. */
export async function durationsFile({ cells }: Pick<Plan, 'cells'>, results: string): Promise<DurationsFile> {
  const wanted = cells.map(({ id, kernel, guest: { topology, clock } }) => ({ id, kernel, topology, clock }));
  const expected = await withHistory(results, (history) => expectedDurations(history, wanted));
  if (expected.size === 0)
    throw new UserError(
      `no run in ${results} says how long a guest takes`,
      'without --durations each kind has a default',
    );
  const known = [...expected].map(([id, { ms }]) => [id, Math.round(ms)] as const);
  return { version: DURATIONS_VERSION, cells: Object.fromEntries(known) };
}
