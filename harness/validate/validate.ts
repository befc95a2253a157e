/** Boots base, reference and backports in the guests of a matrix, and says of each backport how it stands. */
import { join } from 'node:path';
import { stopIfInterrupted, stoppedBy } from '../host/interruption.ts';
import type { KernelEntry, Matrix, TestSpec } from '../matrix/types.ts';
import type { Plan } from '../plan/types.ts';
import type { Provenance } from '../record/provenance/provenance-types.ts';
import { type RunRecord, readRecord } from '../record/reader.ts';
import type { Reporter } from '../report/reporter.ts';
import { type RunOptions, runPlan } from '../run/run.ts';
import { comparisonsOf } from './comparisons.ts';
import { conclude } from './conclude.ts';
import { makeEarlyStop } from './early-stop.ts';
import { areApart, changesBetween, judgeAcross } from './eras.ts';
import type { Backport } from './kernels.ts';
import { judgeMargin, type MarginComparison } from './margins.ts';
import { patchWords } from './patch/markdown.ts';
import type { PatchReport } from './patch/types.ts';
import { planOf } from './plan.ts';
import { type BootFacts, type Inputs, inputsOf, STATEMENT_VERSION, type Statement } from './statement.ts';
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
}

export interface ValidationRun {
  readonly plan: Plan;
  readonly record: RunRecord;
  readonly provenance: Provenance;
}

/**
 * Throws UserError if the reference fails its own cells or the base does all
 * that it does, and whatever a run throws.
 */
export async function bootAll(input: ValidateInput, reporters: readonly Reporter[]): Promise<ValidationRun> {
  const { matrix, base, reference, backports } = input;
  const entries = backports.map(({ entry }) => entry);
  const plan = planOf(matrix, { base, reference, backports: entries }, input.run.filters, input.tests);
  const earlyStop = makeEarlyStop(base.name, reference.name, input.tolerancePpm);
  const result = await stoppedBy(earlyStop.signal, () =>
    runPlan(plan, input.run, [...reporters, earlyStop.reporter]),
  );
  const fault = earlyStop.fault();
  if (fault !== null) throw fault;
  stopIfInterrupted('the validation');
  const record = await readRecord(join(input.run.resultsDir, result.run));
  if (record.provenance === null) throw new Error(`the run ${record.run} has no provenance`);
  return { plan, record, provenance: record.provenance };
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
  const { judged } = extras;
  const margins = extras.margins.map((trio) => ({ trio, judged: judgeMargin(trio) }));
  const conclusion = conclude(
    judged.map((one) => one.judged),
    margins.map((one) => one.judged),
  );
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
    inputs: inputsOf(provenance, extras.patches, extras.command),
  };
}
