/** What the recorded runs say of how long the cells of a plan take: the file of run's --durations. */
import { UserError } from '../base/errors.ts';
import { DURATIONS_VERSION } from '../plan/durations.ts';
import type { Plan } from '../plan/types.ts';
import { expectedDurations } from './durations.ts';
import { withHistory } from './open.ts';

export interface DurationsFile {
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
