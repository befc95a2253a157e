/** `tscmatrix run`: a matrix file to a plan, a record and reports. */
import { loadMatrix } from '../matrix/load.ts';
import { makePlan } from '../plan/expand.ts';
import { makeReporters } from '../report/registry.ts';
import { runPlan } from '../run/run.ts';
import { warnAbout } from './warnings.ts';

export interface RunFlags {
  readonly filter: readonly string[];
  readonly jobs?: number;
  readonly repeat: number;
  readonly timeout: number;
  readonly results: string;
  readonly reporter: readonly string[];
  readonly qemu: string;
  readonly refresh?: boolean;
  readonly json?: boolean;
}

export async function runCommand(path: string, flags: RunFlags, signal: AbortSignal): Promise<number> {
  const plan = makePlan(await loadMatrix(path), flags.filter);
  warnAbout(plan);
  const reporters = makeReporters(flags.reporter, { json: flags.json === true, signal });
  const result = await runPlan(
    plan,
    {
      resultsDir: flags.results,
      qemu: flags.qemu,
      jobs: flags.jobs ?? null,
      repeat: flags.repeat,
      timeoutS: flags.timeout,
      filters: flags.filter,
      refresh: flags.refresh === true,
    },
    reporters,
    signal,
  );
  process.stderr.write(`tscmatrix: the record is in ${result.dir}\n`);
  return result.exitCode;
}
