/** `tscmatrix run`: a matrix file to a plan, a record and reports; or a run that was cut off to its end. */
import { relative } from 'node:path';
import { EXIT, UserError } from '../base/errors.ts';
import { ownPart } from '../plan/shard.ts';
import { checkedLabel } from '../record/blob/blob-format.ts';
import { findRun } from '../record/find-run.ts';
import { makeReporters } from '../report/registry.ts';
import { resumeRun } from '../run/resume.ts';
import { planRun, type RunResult, runPlan } from '../run/run.ts';
import { checkPlace, writeRunBlob } from './blob.ts';
import { qemuProgram, type RunWords, runOptions } from './options.ts';
import { warnAbout, warnUnusedQemu } from './warnings.ts';

export interface RunFlags extends RunWords {
  readonly reporter: readonly string[];
  readonly refresh?: boolean;
  readonly json?: boolean;
  readonly shard?: string;
  readonly durations?: string;
  readonly label?: string;
  readonly blob?: string;
  readonly resume?: string;
  readonly dump?: boolean;
}

/** What the record of a run decides when it is resumed. */
const OF_THE_RECORD = ['filter', 'repeat', 'timeout', 'refresh', 'shard', 'durations'] as const;

async function begin(path: string, flags: RunFlags): Promise<RunResult> {
  const { whole, part } = await planRun(path, flags);
  warnAbout(whole);
  warnUnusedQemu(whole.cells, flags.qemu);
  const reporters = makeReporters(flags.reporter, { json: flags.json === true });
  return runPlan(
    ownPart(whole, part),
    {
      ...runOptions(flags),
      refresh: flags.refresh === true,
      dump: flags.dump === true,
      shard: part,
      label: flags.label,
    },
    reporters,
  );
}

async function resumeFromCommand(
  wanted: string,
  path: string | undefined,
  flags: RunFlags,
  given: (flag: string) => boolean,
): Promise<RunResult> {
  const fixed = OF_THE_RECORD.filter(given);
  if (fixed.length > 0) {
    throw new UserError(
      `--resume takes no ${fixed.map((flag) => `--${flag}`).join(', ')}: a run goes on as it began`,
      'run the matrix again for other options',
    );
  }
  const dir = await findRun(flags.results, wanted);
  const reporters = makeReporters(flags.reporter, { json: flags.json === true });
  const { jobs = null } = flags;
  const qemu = qemuProgram(flags.qemu);
  const result = await resumeRun(
    dir,
    { jobs, matrixPath: path ?? null, qemu, dump: flags.dump === true },
    reporters,
  );
  if (!result.resumed)
    process.stderr.write(`tscmatrix: the run ${result.run} is finished already; nothing was left to do\n`);
  return { ...result, dir: relative('', result.dir) };
}

/** `given` says whether an option was on the command line. */
export async function runCommand(
  path: string | undefined,
  flags: RunFlags,
  given: (flag: string) => boolean,
): Promise<number> {
  if (flags.label !== undefined) checkedLabel(flags.label);
  if (flags.blob !== undefined) await checkPlace(flags.blob);
  if (path === undefined && flags.resume === undefined)
    throw new UserError('run needs a matrix file', 'for example: tscmatrix run builtin:quick');
  const result =
    flags.resume === undefined
      ? await begin(path as string, flags)
      : await resumeFromCommand(flags.resume, path, flags, given);
  process.stderr.write(`tscmatrix: the record is in ${result.dir}\n`);
  if (result.exitCode === EXIT.interrupted) {
    const blob = flags.blob === undefined ? '' : `, and the blob ${flags.blob} was not written`;
    process.stderr.write(`tscmatrix: interrupted${blob}; resume it: tscmatrix run --resume ${result.dir}\n`);
  } else if (flags.blob !== undefined) {
    await writeRunBlob(result.dir, flags.blob, flags.label);
  }
  return result.exitCode;
}
