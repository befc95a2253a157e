/** `tscmatrix sweep`: how far kernels are from failing, and what delays and disturbances do to them. */
import { EXIT } from '../base/errors.ts';
import { json } from '../base/safe-text.ts';
import { progressLine } from '../host/progress-line.ts';
import { sweepText } from '../sweep/markdown.ts';
import type { SweepRequest } from '../sweep/request.ts';
import { runSweep } from '../sweep/run-sweep.ts';
import { forgetGit } from './git.ts';

export interface SweepFlags extends SweepRequest {
  readonly json?: boolean;
}

/** 0 if every margin was found, whatever it is; 1 if a boot gave no answer or answers contradict each other. */
export async function sweepCommand(words: readonly string[], flags: SweepFlags): Promise<number> {
  forgetGit();
  const line = progressLine(process.stderr);
  const { report, times, isSound } = await runSweep(words, flags, line.show).finally(line.clear);
  process.stdout.write(flags.json === true ? `${json(report)}\n` : sweepText(report));
  process.stderr.write(
    `tscmatrix: ${times.boots} boots; the report is in ${times.folder}: report.md, report.json, sweep.svg\n`,
  );
  return isSound ? EXIT.ok : EXIT.unexpected;
}
