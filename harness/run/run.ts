/** Runs a plan: kernels, guests, verdicts, record. */

import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import type { Limits } from '../guest/watch/limits.ts';
import { readNamed } from '../host/inside.ts';
import { removeStaleScratch } from '../host/scratch.ts';
import { testImages } from '../lab/make-ready.ts';
import { needQemu } from '../lab/need-qemu.ts';
import { defaultJobs } from '../lab/schedule.ts';
import { loadMatrix } from '../matrix/load.ts';
import { type Durations, NO_DURATIONS, parseDurations } from '../plan/durations.ts';
import { makePlan } from '../plan/expand.ts';
import { parseShard, type ShardPart, shardPart } from '../plan/shard.ts';
import type { Plan } from '../plan/types.ts';
import { hostFacts } from '../record/provenance/provenance.ts';
import { RECORD_VERSION } from '../record/types.ts';
import { openRecord } from '../record/writer.ts';
import type { Reporter } from '../report/reporter.ts';
import { runCells } from './cells.ts';
import { prepare, provenanceOf, storeProvenance } from './prepare.ts';
import { finishSession, openSession, type RunResult, type Session } from './session.ts';

export { exitCodeOf } from '../record/run-view.ts';
export type { RunResult };

export interface RunOptions {
  readonly resultsDir: string;
  readonly qemu: string;
  /** Null: what CPUs and memory allow. */
  readonly jobs: number | null;
  readonly repeat: number;
  readonly timeoutS: number;
  readonly filters: readonly string[];
  readonly limits?: Partial<Limits>;
  readonly refresh?: boolean;
  readonly dump?: boolean;
  /** If the plan is a part of a larger one. */
  readonly shard?: ShardPart | undefined;
  /** What the user calls this host. */
  readonly label?: string | undefined;
}

/** Guests at once: what was asked for, else what this host has room for. */
export function jobsFor(plan: Plan, asked: number | null): number {
  return asked ?? defaultJobs(Math.max(0, ...plan.cells.map((cell) => cell.guest.memoryMiB)));
}

/** The first events of a record: what is to be run. */
async function begin(session: Session, options: RunOptions): Promise<void> {
  const { plan, rules, record } = session;
  await session.emit({
    type: 'run-started',
    version: RECORD_VERSION,
    run: record.run,
    at: new Date().toISOString(),
    matrix: { name: plan.name, path: plan.matrixPath, sha256: plan.matrixSha256 },
    options: {
      jobs: rules.jobs,
      repeat: rules.repeat,
      timeoutS: rules.timeoutS,
      filters: options.filters,
      qemu: rules.qemu,
    },
    ...(options.shard === undefined ? {} : { shard: options.shard }),
    ...(options.label === undefined ? {} : { label: options.label }),
  });
  for (const cell of plan.cells) await session.emit({ type: 'cell-planned', cell });
}

/**
 * Runs every cell of the plan. What goes wrong with a guest is in the record; throws UserError if a kernel or
 * the results folder is not usable, HostFault if this host cannot run guests at all. What was recorded before
 * stays readable.
 */
export async function runPlan(
  plan: Plan,
  options: RunOptions,
  reporters: readonly Reporter[],
): Promise<RunResult> {
  await removeStaleScratch();
  await needQemu(options.qemu);
  const { qemu, repeat, timeoutS, limits } = options;
  const rules = {
    qemu,
    repeat,
    timeoutS,
    jobs: jobsFor(plan, options.jobs),
    refresh: options.refresh === true,
    dump: options.dump === true,
    ...(limits === undefined ? {} : { limits }),
  };
  // A test that cannot be read is told before there is a record of a run that never was.
  await testImages(plan.cells, plan.matrixPath);
  const record = await openRecord(options.resultsDir, plan.name);
  const session = openSession(plan, rules, record, reporters);
  const none = new Map();
  const result = await finishSession(session, async () => {
    await begin(session, options);
    const prepared = await prepare(session, plan);
    const provenance = await provenanceOf(session, prepared.ready);
    await storeProvenance(session, provenance);
    await session.emit(hostFacts(provenance));
    await runCells(session, prepared, plan.cells, () => none);
  });
  return { ...result, dir: join(options.resultsDir, record.run) };
}

/** The plan of a matrix file, and the part of it that this run is. */
interface PlanRequest {
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
  const text = await readNamed(path).then(String, (error: Error) => {
    throw new UserError(`cannot read --durations ${path}: ${error.message}`);
  });
  return parseDurations(text, path);
}
