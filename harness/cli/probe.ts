/** `tscmatrix probe`: one kernel, one question, and the exit codes of `git bisect run`. */
import { EXIT, UserError } from '../base/errors.ts';
import { json, oneLine } from '../base/safe-text.ts';
import { type ProbeRequest, probe } from '../bisect/probe.ts';
import { progressLine } from '../host/progress-line.ts';
import { forgetGit, SKIP } from './git.ts';

export interface ProbeFlags extends ProbeRequest {
  readonly json?: boolean;
}

const SIDES = {
  expected: { exitCode: EXIT.ok, verdict: 'as expected' },
  unexpected: { exitCode: EXIT.unexpected, verdict: 'not as expected' },
  untested: { exitCode: SKIP, verdict: 'cannot be tested' },
} as const;

/** 0 as expected, 1 not as expected, 125 not to be tested. */
export async function probeCommand(kernel: string | undefined, flags: ProbeFlags): Promise<number> {
  forgetGit();
  if (kernel !== undefined && (flags.repo !== undefined || flags.commit !== undefined)) {
    throw new UserError(
      'a KERNEL does not go with --repo and --commit',
      'probe boots the one or builds the other',
    );
  }
  const line = progressLine(process.stderr);
  const { side, reason, boots } = await probe(kernel, flags, line.show).finally(line.clear);
  const { exitCode, verdict } = SIDES[side];
  const data = { exitCode, verdict, reason, boots, cell: flags.cell };
  process.stdout.write(flags.json === true ? `${json(data)}\n` : `${verdict}: ${oneLine(reason)}\n`);
  return exitCode;
}
