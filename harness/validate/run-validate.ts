/** A validation as a job: patches looked at, kernels booted, margins measured, and a statement for each backport. */
import { rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { json } from '../base/safe-text.ts';
import { openCache } from '../host/cache.ts';
import { sha256OfFile } from '../host/digest.ts';
import { interruption } from '../host/interruption.ts';
import type { ProgressLine } from '../host/progress-line.ts';
import type { AcquireOptions } from '../kernel/types.ts';
import { newJobFolder } from '../lab/files.ts';
import { kernelEntry } from '../matrix/kernel-argument.ts';
import { loadMatrix } from '../matrix/load.ts';
import type { KernelEntry, TestSpec } from '../matrix/types.ts';
import type { RunView } from '../record/run-view.ts';
import { guestProgress } from '../report/guest-progress.ts';
import { drawAgain, withoutDraws } from './draw-again.ts';
import { badSteps, eachOf, isStepGood, renderSteps } from './each.ts';
import { type Examined, examineBackport } from './effective-patch.ts';
import { exhibitsOf } from './exhibits.ts';
import { type Backport, backportOf } from './kernels.ts';
import { measureMargins } from './measure-margins.ts';
import { renderPatchReport } from './patch/markdown.ts';
import type { PatchReport } from './patch/types.ts';
import type { Statement } from './statement.ts';
import { renderMail } from './statement-mail.ts';
import { renderStatement } from './statement-text.ts';
import { type Comparison, ROLES } from './types.ts';
import { bootAll, judgeGuests, makeStatement, type ValidateInput } from './validate.ts';

interface ValidateRequest {
  /** Kernels and backports as typed. */
  readonly base: string;
  /** Left out only if no kernel is to be booted. */
  readonly reference?: string;
  /** Look at the patches alone. */
  readonly isStatic: boolean;
  readonly backports: readonly string[];
  readonly matrix: string;
  readonly tolerancePpm: number;
  /** How exactly margins are searched, ns; null for none. */
  readonly marginStepNs: number | null;
  /** A clone of Linux to compare patches with. */
  readonly upstream?: string;
  /** Add the digests of all inputs to the statement. */
  readonly signature: boolean;
  /** The short form of the statement as text, for a mail; both are kept. */
  readonly isMail: boolean;
  /** For the statement. */
  readonly command: readonly string[];
  /** Run in every guest, beside those of the matrix. */
  readonly tests: readonly TestSpec[];
  readonly run: ValidateInput['run'];
  /** The folder of the run to go on with. */
  readonly resume?: string;
  /** The one backport is a series: each of its steps is validated. */
  readonly isEach: boolean;
}

/** One backport as a patch; null if it is a kernel of another source. */
export interface StaticReport {
  readonly backport: string;
  readonly report: PatchReport | null;
}

/** What came of it, as data and as text; everything is kept in the folder too. */
export type Validated =
  | { readonly kind: 'static'; readonly reports: readonly StaticReport[]; readonly text: string }
  | {
      readonly kind: 'statements';
      readonly statements: readonly Statement[];
      readonly text: string;
      readonly folder: string;
      /** A signal ended it: they say what was found until then. */
      readonly isCutOff: boolean;
      /** It was ended while the run went on, which can be resumed. */
      readonly isResumable: boolean;
      /** All of them say what they have to. */
      readonly isGood: boolean;
    };

interface ExaminedBackport {
  readonly backport: Backport;
  readonly examined: Examined;
}

/**
 * Throws UserError for what cannot be validated, and whatever a build or a run throws; the
 * folder is gone then, since there is no statement. A signal while guests are booted leaves one of what was found.
 */
export async function runValidation(request: ValidateRequest, line: ProgressLine): Promise<Validated> {
  const base = { ...(await kernelEntry(request.base)), name: 'base' };
  const reference =
    request.reference === undefined ? null : { ...(await kernelEntry(request.reference)), name: 'reference' };
  // Beside the runs.
  const parent = resolve(request.run.resultsDir, 'validate');
  const folder = await newJobFolder(parent, basename(request.backports[0] ?? ''), new Date());
  let validated: Validated | null = null;
  try {
    validated = await examineAndBoot({ base, reference, folder }, request, line);
    return validated;
  } finally {
    line.clear();
    if (validated === null) await rm(folder, { recursive: true, force: true });
  }
}

interface Asked {
  readonly base: KernelEntry;
  readonly reference: KernelEntry | null;
  readonly folder: string;
}

async function examineAndBoot(
  { base, reference, folder }: Asked,
  request: ValidateRequest,
  line: ProgressLine,
): Promise<Validated> {
  const acquire: AcquireOptions = { cache: await openCache(), onProgress: line.show };
  const subjects = await examineAll(base, request, folder, acquire).finally(line.clear);
  if (request.isStatic || reference === null) return writeStatic(subjects, folder);
  for (const { backport, examined } of subjects) refuseUseless(backport, examined);
  const { tolerancePpm, marginStepNs: stepNs, tests, run } = request;
  const backports = subjects.map(({ backport }) => backport);
  const matrix = await loadMatrix(request.matrix);
  const resume = request.resume === undefined ? {} : { resume: request.resume };
  const exhibits = await exhibitsOf(
    subjects.map(({ examined: { report } }) => report),
    run.filters,
  );
  for (const { exhibit, name } of exhibits)
    line.news(`the museum shows ${exhibit.commit} (${name}): its guests are booted too`);
  const input: ValidateInput = {
    ...{ matrix, base, reference, backports, tolerancePpm, tests, run, exhibits },
    ...resume,
  };
  const booted = await bootAll(input, [guestProgress(line)]).finally(line.clear);
  const options = { folder: join(folder, 'margins'), onProgress: line.show };
  const wantsMargins = stepNs !== null;
  const margins = wantsMargins
    ? await unlessCutOff(() => measureMargins(booted, input, { ...options, stepNs })).finally(line.clear)
    : null;
  const what = (name: string, words = ''): string => {
    const ready = booted.record.view.kernels.get(name)?.ready;
    return ready == null ? words : `${words} (${ready.release}: ${ready.origin})`;
  };
  const statements: Statement[] = [];
  for (const { backport, examined } of subjects) {
    const all = judgeGuests(booted, input, backport, examined.report);
    const judged = booted.isCutOff ? all.filter(({ trio }) => isAnswered(booted.record.view, trio)) : all;
    const place = { folder: join(folder, 'seeds', backport.entry.name), onProgress: line.show };
    const drawn = await unlessCutOff(() => drawAgain(booted, judged, input, backport, place)).finally(
      line.clear,
    );
    const weighed = drawn ?? withoutDraws(booted, judged, input);
    const left = [
      ...(booted.isCutOff ? ['guests'] : []),
      ...(wantsMargins && margins === null ? ['margins'] : []),
      ...(weighed !== judged && drawn === null ? ['other seeds'] : []),
    ].join(', ');
    const statement = makeStatement(booted, input, backport, {
      judged: weighed,
      cutOff: left === '' ? null : { answered: judged.length, guests: all.length, left },
      margins: margins?.of(backport.entry.name) ?? [],
      patch: examined.report,
      patches: await digestsOf(backport),
      command: request.command,
      what: { base: what('base', request.base), reference: what('reference', request.reference) },
    });
    statements.push(statement);
  }
  return writeStatements(statements, folder, request, booted.isCutOff);
}

/** Null if a signal has ended the work, or has come before. */
async function unlessCutOff<T>(work: () => Promise<T>): Promise<T | null> {
  if (interruption().aborted) return null;
  return work().catch((error: unknown) => {
    if (!interruption().aborted) throw error;
    return null;
  });
}

/** All three kernels were judged in it. */
function isAnswered({ cells }: RunView, trio: Comparison): boolean {
  return ROLES.every((role) => cells.get(trio[role].cell)?.judged != null);
}

async function examineAll(
  base: KernelEntry,
  { backports, upstream, isEach }: ValidateRequest,
  folder: string,
  acquire: AcquireOptions,
): Promise<ExaminedBackport[]> {
  const subjects: ExaminedBackport[] = [];
  const named = await Promise.all(
    backports.map((words, index) =>
      backportOf(words, base, backports.length === 1 ? 'backport' : `backport-${index + 1}`),
    ),
  );
  for (const backport of isEach ? await eachOf(named[0] as Backport, base) : named) {
    const { name } = backport.entry;
    const options = { ...acquire, ...(upstream === undefined ? {} : { upstream }) };
    const examined = await examineBackport(base, backport, join(folder, `${name}.patch`), options);
    subjects.push({ backport, examined });
  }
  return subjects;
}

/** What no boot can change is said before any. */
function refuseUseless({ note }: Backport, { report, isSame }: Examined): void {
  const hint = 'the whole of what was seen: tscmatrix validate --static with the same options';
  if (isSame)
    throw new UserError(`the backport is the base: ${note} changes nothing`, 'name what is to be validated');
  if (report === null || report.applies === null) return;
  const remark = report.remarks.find(({ code }) => code === 'another-tree')?.text;
  if (report.applies === 'already-there')
    throw new UserError(`--base has the backport already: all hunks of ${note} are in ${report.tree}`, hint);
  if (report.applies !== 'no') return;
  const failed = report.patches.flatMap(({ name, hunks }) =>
    hunks.filter(({ state }) => state === 'fails').map((hunk) => ({ name, ...hunk })),
  );
  const all = report.patches.reduce((sum, { hunks }) => sum + hunks.length, 0);
  const [first] = failed;
  const where = first === undefined ? '' : `: ${first.file}, hunk ${first.number}\n${first.sides ?? ''}`;
  throw new UserError(
    remark ?? `the backport does not apply to --base: ${failed.length} of ${all} hunks fail${where}`,
    hint,
  );
}

async function digestsOf({ patches }: Backport): Promise<{ name: string; sha256: string }[]> {
  return Promise.all(
    (patches ?? []).map(async (path) => ({ name: basename(path), sha256: await sha256OfFile(path) })),
  );
}

async function writeStatic(subjects: readonly ExaminedBackport[], folder: string): Promise<Validated> {
  const reports = subjects.map(({ backport, examined: { report } }) => ({ backport: backport.note, report }));
  await writeFile(join(folder, 'patch.json'), `${json(reports)}\n`);
  const texts = reports.map(({ backport, report }) =>
    report === null
      ? `${backport}: a kernel of another source, which has no patch to look at\n`
      : renderPatchReport(report),
  );
  return { kind: 'static', reports, text: texts.join('\n') };
}

async function writeStatements(
  statements: readonly Statement[],
  folder: string,
  { signature, isMail, isEach }: Pick<ValidateRequest, 'signature' | 'isMail' | 'isEach'>,
  isResumable: boolean,
): Promise<Validated> {
  const texts: string[] = isEach ? [renderSteps(statements)] : [];
  for (const statement of statements) {
    const patchText = statement.patch === null ? '' : renderPatchReport(statement.patch);
    const text = renderStatement(statement, { signature, patchText });
    const name = statement.backport.kernel;
    const short = renderMail(statement, `${name}.md`);
    await writeFile(join(folder, `${name}.md`), text);
    await writeFile(join(folder, `${name}.txt`), short);
    await writeFile(join(folder, `${name}.json`), `${json(statement)}\n`);
    if (!isEach || statement === statements.at(-1)) texts.push(isMail ? short : text);
  }
  const isCutOff = statements.some(({ cutOff }) => cutOff !== undefined);
  const isGood = isEach
    ? badSteps(statements).length === 0
    : statements.every((one) => isStepGood(one, true));
  const text = texts.join('\n');
  return { kind: 'statements', statements, text, folder, isCutOff, isResumable, isGood };
}
