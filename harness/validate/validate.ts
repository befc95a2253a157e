/** Boots base, reference and backports in the guests of a matrix, and says of each backport how it stands. */
import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { interruption, stopIfInterrupted, stoppedBy } from '../host/interruption.ts';
import type { MuseumPiece } from '../lab/museum.ts';
import type { KernelEntry, Matrix, TestSpec } from '../matrix/types.ts';
import type { Plan } from '../plan/types.ts';
import type { Provenance } from '../record/provenance/provenance-types.ts';
import { type RunRecord, readRecord } from '../record/reader.ts';
import type { Reporter } from '../report/reporter.ts';
import { resumeRun } from '../run/resume.ts';
import { type RunOptions, type RunResult, runPlan } from '../run/run.ts';
import { comparisonsOf } from './comparisons.ts';
import { conclude, concludeCutOff } from './conclude.ts';
import { makeEarlyStop } from './early-stop.ts';
import { areApart, changesBetween, judgeAcross } from './eras.ts';
import type { Backport } from './kernels.ts';
import { judgeMargin, type MarginComparison } from './margins.ts';
import { patchWords } from './patch/markdown.ts';
import type { PatchReport } from './patch/types.ts';
import { planOf } from './plan.ts';
import {
  type BootFacts,
  type CutOff,
  type Inputs,
  inputsOf,
  STATEMENT_VERSION,
  type Statement,
} from './statement.ts';
import type { Comparison, Judged } from './types.ts';

export interface ValidateInput {
  readonly matrix: Matrix;
  readonly base: KernelEntry;
  readonly reference: KernelEntry;
  readonly backports: readonly Backport[];
  readonly tolerancePpm: number;
  /** Run in every guest, beside those of the matrix. */
  readonly tests?: readonly TestSpec[];
  readonly run: RunOptions;
  /** Of the commits that the backports are like: their guests are booted beside the matrix's. */
  readonly exhibits?: readonly MuseumPiece[];
  /** The folder of the run to go on with. */
  readonly resume?: string;
}

export interface ValidationRun {
  /** A signal has ended it before all guests had answered. */
  readonly isCutOff: boolean;
  readonly plan: Plan;
  readonly record: RunRecord;
  readonly provenance: Provenance;
}

/**
 * Throws UserError if the reference fails its own cells or the base does all
 * that it does, and whatever a run throws. What a signal cuts off is returned as far as it came.
 */
export async function bootAll(input: ValidateInput, reporters: readonly Reporter[]): Promise<ValidationRun> {
  const { matrix, base, reference, backports } = input;
  const entries = backports.map(({ entry }) => entry);
  const plan = planOf(
    matrix,
    { base, reference, backports: entries },
    input.run.filters,
    input.tests,
    input.exhibits,
  );
  const earlyStop = makeEarlyStop(base.name, reference.name, input.tolerancePpm);
  const result = await stoppedBy(earlyStop.signal, () =>
    bootPlan(plan, input, [...reporters, earlyStop.reporter]),
  );
  const fault = earlyStop.fault();
  if (fault !== null) throw fault;
  const record = await readRecord(join(input.run.resultsDir, result.run));
  const isCutOff = interruption().aborted;
  if (record.provenance === null) {
    stopIfInterrupted('the validation');
    throw new Error(`the run ${record.run} has no provenance`);
  }
  return { plan, record, provenance: record.provenance, isCutOff };
}

async function bootPlan(
  plan: Plan,
  { run, resume }: ValidateInput,
  reporters: readonly Reporter[],
): Promise<RunResult> {
  if (resume === undefined) return runPlan(plan, run, reporters);
  const { view, run: name } = await readRecord(resume);
  if (view.finished?.interrupted === false) {
    throw new UserError(
      `the run ${name} is finished: all its guests have answered`,
      'margins and other seeds are not part of it; begin again without --resume',
    );
  }
  const began = view.started?.options;
  const differs = (['repeat', 'timeoutS'] as const).find(
    (key) => began !== undefined && began[key] !== run[key],
  );
  if (differs !== undefined) {
    const option = differs === 'repeat' ? '--repeat' : '--timeout';
    throw new UserError(`the run ${name} was begun with ${option} ${began?.[differs]}`, 'give the same');
  }
  return resumeRun(resume, { jobs: run.jobs, matrixPath: null, qemu: run.qemu, plan }, reporters);
}

export interface JudgedGuest {
  readonly trio: Comparison;
  readonly judged: Judged;
}

/** Each guest as one boot of each kernel shows it. Pure. */
export function judgeGuests(
  { record }: ValidationRun,
  { base, reference, tolerancePpm }: ValidateInput,
  backport: Backport,
  patch: PatchReport | null,
): JudgedGuest[] {
  const names = { base: base.name, backport: backport.entry.name, reference: reference.name };
  const [old, recent] = [base, reference].map(({ name }) => releaseOf(record, name));
  const own = (patch?.alike ?? []).map(({ id }) => id);
  const changes = changesBetween(old ?? '', recent ?? '', own);
  return comparisonsOf(record.view, names).map((trio) => ({
    trio,
    judged: judgeAcross(trio, tolerancePpm, changes),
  }));
}

function releaseOf(record: RunRecord, name: string): string {
  return record.view.kernels.get(name)?.ready?.release ?? '';
}

interface Extras {
  readonly judged: readonly JudgedGuest[];
  readonly margins: readonly MarginComparison[];
  readonly patch: PatchReport | null;
  readonly patches: Inputs['patches'];
  readonly command: readonly string[];
  readonly what: { readonly base: string; readonly reference: string };
  /** What is not known since a signal ended it; null: nothing. */
  readonly cutOff: CutOff | null;
}

/** The statement on one backport. Pure but for what it is given. */
export function makeStatement(
  { record, plan, provenance }: ValidationRun,
  input: ValidateInput,
  backport: Backport,
  extras: Extras,
): Statement {
  const { base, reference, tolerancePpm, run } = input;
  const [old, recent] = [releaseOf(record, base.name), releaseOf(record, reference.name)];
  const { judged, cutOff } = extras;
  const margins = extras.margins.map((trio) => ({ trio, judged: judgeMargin(trio) }));
  const found = conclude(
    judged.map((one) => one.judged),
    margins.map((one) => one.judged),
  );
  const conclusion = cutOff === null ? found : concludeCutOff(found, cutOff);
  // What the patch lacks explains an answer; if nothing is missing there is nothing to explain.
  const words = conclusion.kind === 'equivalent' || extras.patch === null ? [] : patchWords(extras.patch);
  if (areApart(old, recent))
    words.unshift(
      `Base (${old}) and reference (${recent}) are of different ages: only what is known of other commits is told apart from the backport's; margins hold all of them.`,
    );
  const boots: BootFacts = {
    repeats: run.repeat,
    deterministic: plan.cells.every(({ guest }) => guest.clock === 'deterministic'),
  };
  return {
    version: STATEMENT_VERSION,
    backport: { kernel: backport.entry.name, what: backport.note },
    base: extras.what.base,
    reference: extras.what.reference,
    conclusion: { ...conclusion, also: [...conclusion.also, ...words] },
    guests: judged.map(({ trio, judged: { guest, isControl, isHostFault, ...found } }) => ({
      ...trio,
      ...found,
    })),
    margins: margins.map(({ trio, judged: { finding, why } }) => ({ ...trio, finding, why })),
    tolerancePpm,
    boots,
    patch: extras.patch,
    run: record.run,
    ...(cutOff === null ? {} : { cutOff }),
    inputs: inputsOf(provenance, extras.patches, extras.command),
  };
}
