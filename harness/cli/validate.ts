/** `tscmatrix validate`: a backport held against its base and against upstream. */
import { join } from 'node:path';
import { EXIT, UserError } from '../base/errors.ts';
import { json } from '../base/safe-text.ts';
import { progressLine } from '../host/progress-line.ts';
import { projectFolder } from '../host/project.ts';
import { testWords } from '../lab/test-words.ts';
import { findRun } from '../record/find-run.ts';
import { runValidation, type StaticReport, type Validated } from '../validate/run-validate.ts';
import { OWN_MATRIX, type RunWords, runOptions } from './options.ts';

export interface ValidateFlags extends RunWords {
  readonly base?: string;
  readonly backport: readonly string[];
  readonly reference?: string;
  readonly matrix: string;
  readonly test: readonly string[];
  readonly testTimeout?: string;
  readonly tolerance: number;
  readonly margins: boolean;
  readonly marginStep: number;
  readonly static?: boolean;
  readonly upstream?: string;
  readonly signature?: boolean;
  readonly mail?: boolean;
  readonly resume?: string;
  readonly each?: boolean;
  readonly json?: boolean;
}

/** 0 if every backport is equivalent to the reference (with --each: the last, and no other regresses), 1 if one is not, 69 if the host gave no answer, 130 after a signal. */
export async function validateCommand(flags: ValidateFlags): Promise<number> {
  const { base, reference, backport: backports, upstream } = flags;
  if (base === undefined)
    throw new UserError(
      'validate needs --base',
      'the kernel without the backport: --base MATRIX.yaml#KERNEL',
    );
  if (backports.length === 0)
    throw new UserError('validate needs --backport', 'a patch, a series, a commit, or MATRIX.yaml#KERNEL');
  if (reference === undefined && flags.static !== true) {
    throw new UserError(
      'validate needs --reference, the kernel that has upstream’s fix',
      'to look at the patch alone, without a boot: --static',
    );
  }
  if (flags.mail === true && (flags.json === true || flags.static === true)) {
    throw new UserError(
      `--mail is another form of the statement than ${flags.json === true ? '--json' : '--static'}`,
      'leave one of them out; the folder has all forms',
    );
  }
  if (flags.resume !== undefined && flags.static === true)
    throw new UserError('--resume is about boots, and --static boots nothing', 'leave one of them out');
  if (flags.each === true && backports.length > 1)
    throw new UserError('--each is for one --backport, a series', 'validate the others by themselves');
  const request = {
    base,
    ...(reference === undefined ? {} : { reference }),
    isStatic: flags.static === true,
    isEach: flags.each === true,
    backports,
    matrix: flags.matrix === OWN_MATRIX ? join(projectFolder(), OWN_MATRIX) : flags.matrix,
    tolerancePpm: flags.tolerance,
    marginStepNs: flags.margins ? flags.marginStep : null,
    ...(upstream === undefined ? {} : { upstream }),
    signature: flags.signature === true,
    isMail: flags.mail === true,
    tests: testWords(flags.test, flags.testTimeout),
    command: ['tscmatrix', ...withoutResume(process.argv.slice(2))],
    ...(flags.resume === undefined ? {} : { resume: await findRun(flags.results, flags.resume) }),
    run: runOptions(flags),
  };
  return report(await runValidation(request, progressLine(process.stderr)), flags);
}

/** What repeats the whole of it. */
function withoutResume(words: readonly string[]): string[] {
  return words.filter((word, i) => !word.startsWith('--resume') && words[i - 1] !== '--resume');
}

function report(validated: Validated, flags: ValidateFlags): number {
  const print = (data: unknown): void =>
    void process.stdout.write(flags.json === true ? `${json(data)}\n` : validated.text);
  if (validated.kind === 'static') {
    print(validated.reports);
    return validated.reports.every(applies) ? EXIT.ok : EXIT.unexpected;
  }
  const { statements, folder, isCutOff, isResumable, isGood } = validated;
  const [only] = statements;
  print(statements.length === 1 ? only : statements);
  const run = join(flags.results, only?.run ?? '');
  process.stderr.write(`tscmatrix: the statement is in ${folder}, the consoles in ${run}\n`);
  if (isCutOff) {
    const again = isResumable ? `; resume it: the same command with --resume ${run}` : '';
    process.stderr.write(`tscmatrix: interrupted: the statement says what was found so far${again}\n`);
    return EXIT.interrupted;
  }
  if (statements.some(({ conclusion }) => conclusion.isHostFault)) return EXIT.hostFault;
  return isGood ? EXIT.ok : EXIT.unexpected;
}

function applies({ report }: StaticReport): boolean {
  return report === null || !['no', 'already-there'].includes(report.applies ?? '');
}
