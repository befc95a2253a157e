/** The plan of a matrix file, and the part of it that this run is. */
import { readFile } from 'node:fs/promises';
import { UserError } from '../base/errors.ts';
import { loadMatrix } from '../matrix/load.ts';
import { type Durations, NO_DURATIONS, parseDurations } from '../plan/durations.ts';
import { makePlan } from '../plan/expand.ts';
import { parseShard, type ShardPart, shardPart } from '../plan/shard.ts';
import type { Plan } from '../plan/types.ts';

export interface PlanRequest {
  readonly filter: readonly string[];
  /** "I/N". */
  readonly shard?: string;
  /** A file of what cells took before; only of use to a shard. */
  readonly durations?: string;
}

export async function planRun(
  path: string,
  { filter, shard, durations }: PlanRequest,
): Promise<{ readonly whole: Plan; readonly part: ShardPart | undefined }> {
  if (shard === undefined && durations !== undefined)
    throw new UserError('--durations is for --shard I/N', 'give both or neither');
  const whole = makePlan(await loadMatrix(path), filter);
  if (shard === undefined) return { whole, part: undefined };
  return { whole, part: shardPart(whole, parseShard(shard), await readDurations(durations)) };
}

async function readDurations(path: string | undefined): Promise<Durations> {
  if (path === undefined) return NO_DURATIONS;
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new UserError(`cannot read --durations ${path}: ${error.message}`);
  });
  return parseDurations(text, path);
}
