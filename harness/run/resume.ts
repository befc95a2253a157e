/** Goes on with a run that was cut off, by a signal, a crash or a power cut, as if it had never stopped. */
import { relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../base/errors.ts';
import { removeStaleScratch } from '../host/scratch.ts';
import { needQemu, sameQemu } from '../lab/need-qemu.ts';
import { loadMatrix } from '../matrix/load.ts';
import { makePlan } from '../plan/expand.ts';
import { ownPart } from '../plan/shard.ts';
import type { Cell, Plan } from '../plan/types.ts';
import { inputDifferences } from '../record/provenance/inputs.ts';
import { hostFacts } from '../record/provenance/provenance.ts';
import type { Provenance } from '../record/provenance/provenance-types.ts';
import { type RunRecord, readRecord } from '../record/reader.ts';
import { reopenRecord } from '../record/reopen.ts';
import type { RunEvent, RunFinished, RunStarted } from '../record/types.ts';
import { multiplex } from '../report/multiplexer.ts';
import { replay } from '../report/replay.ts';
import type { Reporter } from '../report/reporter.ts';
import { type CompletedBoots, runCells } from './cells.ts';
import { prepare, provenanceOf, storeProvenance } from './prepare.ts';
import { type BootName, type Progress, progressOf, removeHalfDone, resultsOf } from './resume-state.ts';
import { jobsFor } from './run.ts';
import { type BootRules, finishSession, openSession, type RunResult, type Session } from './session.ts';

interface ResumeOptions {
  /** Null: what CPUs and memory allow now. */
  readonly jobs: number | null;
  /** Where the matrix file lies now; null: where it lay then. */
  readonly matrixPath: string | null;
  /** The system's QEMU: the user's word, which must be that of the record. */
  readonly qemu: string;
  readonly dump?: boolean;
  /** Of a job that makes its plan itself, and not from the matrix file alone: what it makes of the options typed now. */
  readonly plan?: Plan;
}

interface Resumed extends RunResult {
  /** False: the run was finished already, and nothing was done. */
  readonly resumed: boolean;
}

const CHANGED_HINT = 'a run has one set of inputs: run the matrix again for those of today';

function startOf(record: RunRecord): RunStarted {
  const { started, merged } = record.view;
  if (merged !== null || started === null) {
    throw new UserError(
      `the run ${record.run} was merged of others; there is nothing to resume`,
      'merge the blobs again',
    );
  }
  return started;
}

/** Running a matrix runs its code: one that came with the record is run only if the user names it. */
function ownPath(record: RunRecord, path: string): string {
  if (relative(record.dir, path).startsWith('..')) return path;
  throw new UserError(
    `the matrix of the run ${record.run} lies in the record itself: ${path}`,
    'if you trust it, name it: tscmatrix run MATRIX --resume RUN',
  );
}

/** The plan as it was, made again from the matrix file. Throws UserError if that is another one now. */
async function planAgain(record: RunRecord, path: string | null): Promise<Plan> {
  const { matrix, options, shard } = startOf(record);
  const file = path ?? ownPath(record, matrix.path);
  const loaded = await loadMatrix(file).catch((error: unknown) => {
    if (path !== null || !(error instanceof UserError)) throw error;
    throw new UserError(
      `the matrix of the run ${record.run} cannot be read: ${error.message}`,
      'name the file where it lies now: tscmatrix run MATRIX --resume RUN',
      { cause: error },
    );
  });
  if (loaded.sha256 !== matrix.sha256) {
    const was = `sha256 ${loaded.sha256}, when the run began ${matrix.sha256}`;
    throw new UserError(`the matrix ${file} is another one now: ${was}`, CHANGED_HINT);
  }
  const plan = ownPart(makePlan(loaded, options.filters), shard);
  const hint = 'was the run begun by another version of tscmatrix? Run the matrix again';
  checkPlan(record, plan, `the matrix ${file} makes`, hint);
  return plan;
}

/** Throws UserError if these are not the cells that the run was begun with. */
function checkPlan(record: RunRecord, plan: Plan, what: string, hint: string): void {
  const planned = [...record.view.cells.values()].map(({ cell }) => cell);
  const made = JSON.parse(JSON.stringify(plan.cells.slice(0, planned.length))) as Cell[];
  const other = planned.find((cell, i) => !isDeepStrictEqual(JSON.parse(JSON.stringify(cell)), made[i]));
  if (other !== undefined)
    throw new UserError(`${what} other cells now than when the run began; the first is ${other.id}`, hint);
}

function planOf(record: RunRecord, { plan, matrixPath }: ResumeOptions): Promise<Plan> | Plan {
  if (plan === undefined) return planAgain(record, matrixPath);
  checkPlan(record, plan, 'these options make', 'give those that it was begun with');
  return plan;
}

/** What is told again: all that still counts, without the end that the interruption may have written. */
function replayed(record: RunRecord, progress: Progress): RunEvent[] {
  const key = ({ cell, boot }: BootName): string => `${boot} ${cell}`;
  const again = new Set(progress.again.map(key));
  const open = new Set(progress.open.map(({ id }) => id));
  return record.events.filter((event) => {
    if (event.type === 'run-finished') return false;
    if (event.type === 'cell-judged') return !open.has(event.cell);
    if (event.type === 'cell-started' || event.type === 'cell-retried' || event.type === 'cell-finished')
      return !again.has(key(event));
    return true;
  });
}

/** Throws UserError with all that differs if the run would be resumed with other inputs, or on another host. */
function checkInputs(record: RunRecord, now: Provenance): void {
  if (record.provenance === null) return;
  const differences = inputDifferences(record.provenance, now);
  if (differences.length === 0) return;
  throw new UserError(
    `the run ${record.run} cannot go on, its inputs or its host changed:\n  ${differences.join('\n  ')}`,
    CHANGED_HINT,
  );
}

/** The provenance of the whole: a kernel that could not be had before may be there now. */
async function noteProvenance(session: Session, then: Provenance | null, now: Provenance): Promise<void> {
  const fresh = now.kernels.filter(({ name }) => !then?.kernels.some((kernel) => kernel.name === name));
  const whole = then === null ? now : { ...then, kernels: [...then.kernels, ...fresh] };
  if (then === null || fresh.length > 0) await storeProvenance(session, whole);
  if (session.view.host === null) await session.emit(hostFacts(whole));
}

async function continueRun(session: Session, record: RunRecord, progress: Progress): Promise<void> {
  const { plan, view } = session;
  const { open, kept, again } = progress;
  // Before the kernels, whose order in reports comes from the cells. If one is missing nothing else is recorded yet.
  for (const cell of plan.cells)
    if (!view.cells.has(cell.id)) await session.emit({ type: 'cell-planned', cell });
  const wanted = new Set(open.map(({ kernel }) => kernel));
  const kernels = plan.kernels.filter(({ name }) => wanted.has(name) || view.kernels.get(name)?.ready);
  const prepared = await prepare(session, { ...plan, kernels, cells: open });
  const provenance = await provenanceOf(session, prepared.ready);
  checkInputs(record, provenance);
  await session.emit({ type: 'run-resumed', at: new Date().toISOString(), again });
  await removeHalfDone(record.dir, progress, session.rules.repeat);
  await noteProvenance(session, record.provenance, provenance);
  const results = new Map<string, CompletedBoots>();
  for (const [cell, finished] of kept) results.set(cell, await resultsOf(record.dir, finished));
  await runCells(session, prepared, open, ({ id }) => results.get(id) ?? new Map());
}

/** The same rules as when the run began; only how many guests run at once may be another number. */
function rulesOf(record: RunRecord, plan: Plan, options: ResumeOptions): BootRules {
  const { repeat, timeoutS, qemu } = startOf(record).options;
  return {
    qemu: sameQemu(`the run ${record.run}`, qemu, options.qemu, `tscmatrix run --resume ${record.run}`),
    repeat,
    timeoutS,
    jobs: jobsFor(plan, options.jobs),
    refresh: false,
    dump: options.dump === true,
  };
}

/** A run that has come to its end stays as it is; its reports are made again. */
async function finished(record: RunRecord, reporters: readonly Reporter[]): Promise<Resumed> {
  const reporter = multiplex(reporters);
  replay(record, reporter);
  await reporter.close();
  const { counts, exitCode } = record.view.finished as RunFinished;
  return { run: record.run, dir: record.dir, exitCode, counts, resumed: false };
}

/**
 * Goes on with the run in `dir`: what counts is kept, what was begun or never begun is booted. Throws UserError if
 * a living process writes it, if its inputs or its host are others now, and if its log is damaged.
 */
export async function resumeRun(
  dir: string,
  options: ResumeOptions,
  reporters: readonly Reporter[],
): Promise<Resumed> {
  const before = await readRecord(dir);
  startOf(before);
  if (before.view.finished?.interrupted === false && options.plan === undefined)
    return finished(before, reporters);
  await removeStaleScratch();
  const { record, writer } = await reopenRecord(dir);
  let session: Session;
  let progress: Progress;
  try {
    const plan = await planOf(record, options);
    const rules = rulesOf(record, plan, options);
    await needQemu(rules.qemu);
    progress = await progressOf(record, plan.cells);
    session = openSession(plan, rules, writer, reporters);
    session.replay(replayed(record, progress));
  } catch (error) {
    await writer.close();
    throw error;
  }
  const result = await finishSession(session, () => continueRun(session, record, progress));
  return { ...result, resumed: true };
}
