/** `tscmatrix validate`: a backport held against its base and against upstream. */
import { rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { EXIT, UserError } from '../base/errors.ts';
import { json } from '../base/safe-text.ts';
import { openCache } from '../host/cache.ts';
import { sha256OfFile } from '../host/digest.ts';
import { progressLine } from '../host/progress-line.ts';
import { projectFolder } from '../host/project.ts';
import type { AcquireOptions } from '../kernel/types.ts';
import { newJobFolder } from '../lab/job-folder.ts';
import { loadMatrix } from '../matrix/load.ts';
import type { KernelEntry } from '../matrix/types.ts';
import { type Examined, examineBackport } from '../validate/examine-backport.ts';
import { type Backport, backportOf } from '../validate/kernels.ts';
import { measureMargins } from '../validate/measure-margins.ts';
import { renderPatchReport } from '../validate/patch/markdown.ts';
import type { Statement } from '../validate/statement.ts';
import { renderStatement } from '../validate/statement-text.ts';
import { bootAll, makeStatement, type ValidateInput } from '../validate/validate.ts';
import { kernelEntry } from './kernel-argument.ts';
import { qemuProgram } from './options.ts';
import { progressReporter } from './validate-progress.ts';

export interface ValidateFlags {
  readonly base?: string;
  readonly backport: readonly string[];
  readonly reference?: string;
  readonly matrix: string;
  readonly filter: readonly string[];
  readonly repeat: number;
  readonly jobs?: number;
  readonly timeout: number;
  readonly tolerance: number;
  readonly margins: boolean;
  readonly marginStep: number;
  readonly static?: boolean;
  readonly upstream?: string;
  readonly signature?: boolean;
  readonly results: string;
  readonly qemu: string;
  readonly json?: boolean;
}

/** The default of --matrix. */
export const OWN_MATRIX = 'matrices/validate.yaml';

const say = (text: string): void => void process.stderr.write(`tscmatrix: ${text}\n`);

interface ExaminedBackport {
  readonly backport: Backport;
  readonly examined: Examined;
}

/** 0 where every backport is equivalent to the reference, 1 where one is not, 69 where the host gave no answer. */
export async function validateCommand(flags: ValidateFlags, signal: AbortSignal): Promise<number> {
  const { base: baseWords, reference: referenceWords } = flags;
  if (baseWords === undefined)
    throw new UserError(
      'validate needs --base',
      'the kernel without the backport: --base MATRIX.yaml#KERNEL',
    );
  if (flags.backport.length === 0)
    throw new UserError('validate needs --backport', 'a patch, a series, a commit, or MATRIX.yaml#KERNEL');
  if (referenceWords === undefined && flags.static !== true) {
    throw new UserError(
      'validate needs --reference, the kernel that has upstream’s fix',
      'to look at the patch alone, without a boot: --static',
    );
  }
  const base = { ...(await kernelEntry(baseWords)), name: 'base' };
  const reference =
    referenceWords === undefined ? null : { ...(await kernelEntry(referenceWords)), name: 'reference' };
  const folder = await makeFolder(flags);
  const told = await examineAndBoot({ base, reference, folder }, flags, signal).catch(
    async (error: unknown) => {
      // There is no statement, and so nothing to keep beside the run.
      await rm(folder, { recursive: true, force: true });
      throw error;
    },
  );
  if (told === null) await rm(folder, { recursive: true, force: true });
  return told ?? EXIT.interrupted;
}

interface Asked {
  readonly base: KernelEntry;
  /** Null with --static. */
  readonly reference: KernelEntry | null;
  readonly folder: string;
}

/** Null where it was interrupted. */
async function examineAndBoot(
  { base, reference, folder }: Asked,
  flags: ValidateFlags,
  signal: AbortSignal,
): Promise<number | null> {
  const line = progressLine(process.stderr);
  const acquire: AcquireOptions = { cache: await openCache(), signal, onProgress: line.show };
  const subjects = await examineAll(base, flags, folder, acquire).finally(line.clear);
  if (flags.static === true || reference === null) return tellStatic(subjects, folder, flags);
  for (const { backport, examined } of subjects) refuseUseless(backport, examined);
  const backports = subjects.map(({ backport }) => backport);
  const input = await inputOf(flags, base, reference, backports);
  const booted = await bootAll(input, [progressReporter(line)], signal).finally(line.clear);
  if (booted === null) return null;
  const options = { folder: join(folder, 'margins'), stepNs: flags.marginStep, tell: line.show, signal };
  const margins = flags.margins ? await measureMargins(booted, input, options).finally(line.clear) : null;
  const what = (name: string, words = ''): string => {
    const ready = booted.record.view.kernels.get(name)?.ready;
    return ready == null ? words : `${words} (${ready.release}: ${ready.origin})`;
  };
  const statements: Statement[] = [];
  for (const { backport, examined } of subjects) {
    const statement = makeStatement(booted, input, backport, {
      margins: margins?.of(backport.entry.name) ?? [],
      patch: examined.report,
      patches: await digestsOf(backport),
      command: ['tscmatrix', ...process.argv.slice(2)],
      what: { base: what('base', flags.base), reference: what('reference', flags.reference) },
    });
    statements.push(statement);
  }
  return tell(statements, folder, flags);
}

async function inputOf(
  flags: ValidateFlags,
  base: KernelEntry,
  reference: KernelEntry,
  backports: readonly Backport[],
): Promise<ValidateInput> {
  const path = flags.matrix === OWN_MATRIX ? join(projectFolder(), OWN_MATRIX) : flags.matrix;
  return {
    matrix: await loadMatrix(path),
    base,
    reference,
    backports,
    tolerancePpm: flags.tolerance,
    run: {
      resultsDir: flags.results,
      qemu: qemuProgram(flags.qemu),
      jobs: flags.jobs ?? null,
      repeat: flags.repeat,
      timeoutS: flags.timeout,
      filters: flags.filter,
    },
  };
}

/** Where the statements are kept, beside the runs. */
function makeFolder({ results, backport }: ValidateFlags): Promise<string> {
  return newJobFolder(resolve(results, 'validate'), basename(backport[0] ?? ''), new Date());
}

async function examineAll(
  base: KernelEntry,
  flags: ValidateFlags,
  folder: string,
  acquire: AcquireOptions,
): Promise<ExaminedBackport[]> {
  const subjects: ExaminedBackport[] = [];
  for (const [index, words] of flags.backport.entries()) {
    const name = flags.backport.length === 1 ? 'backport' : `backport-${index + 1}`;
    const backport = await backportOf(words, base, name);
    const options = { ...acquire, ...(flags.upstream === undefined ? {} : { upstream: flags.upstream }) };
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

async function tellStatic(
  subjects: readonly ExaminedBackport[],
  folder: string,
  flags: ValidateFlags,
): Promise<number> {
  const reports = subjects.map(({ backport, examined: { report } }) => ({ backport: backport.note, report }));
  await writeFile(join(folder, 'patch.json'), `${json(reports)}\n`);
  const text = reports
    .map(({ backport, report }) =>
      report === null
        ? `${backport}: a kernel of another source, which has no patch to look at\n`
        : renderPatchReport(report),
    )
    .join('\n');
  process.stdout.write(flags.json === true ? `${json(reports)}\n` : text);
  const isSound = reports.every(
    ({ report }) => report === null || !['no', 'already-there'].includes(report.applies ?? ''),
  );
  return isSound ? EXIT.ok : EXIT.unexpected;
}

async function tell(statements: readonly Statement[], folder: string, flags: ValidateFlags): Promise<number> {
  const texts: string[] = [];
  for (const statement of statements) {
    const patchText = statement.patch === null ? '' : renderPatchReport(statement.patch);
    const text = renderStatement(statement, { signature: flags.signature === true, patchText });
    const name = statement.backport.kernel;
    await writeFile(join(folder, `${name}.md`), text);
    await writeFile(join(folder, `${name}.json`), `${json(statement)}\n`);
    texts.push(text);
  }
  const [only] = statements;
  process.stdout.write(
    flags.json === true ? `${json(statements.length === 1 ? only : statements)}\n` : texts.join('\n'),
  );
  say(`the statement is in ${folder}, the consoles in ${join(flags.results, only?.run ?? '')}`);
  if (statements.some(({ conclusion }) => conclusion.isHostFault)) return EXIT.infrastructure;
  return statements.every(({ conclusion }) => conclusion.kind === 'equivalent') ? EXIT.ok : EXIT.unexpected;
}
