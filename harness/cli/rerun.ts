/** `tscmatrix rerun`: one recorded cell again. */
import { EXIT } from '../base/errors.ts';
import { json } from '../base/safe-text.ts';
import { rerunText } from '../run/again-text.ts';
import { rerun } from '../run/rerun.ts';
import { openRun } from '../run/stored.ts';

export interface RerunFlags {
  readonly results: string;
  readonly json?: boolean;
}

/** 0 where the transcript is the same, in real time the verdict; 1 where not; 69 where the host failed the guest. */
export async function rerunCommand(
  run: string,
  cell: string,
  flags: RerunFlags,
  signal: AbortSignal,
): Promise<number> {
  const result = await rerun(await openRun(flags.results, run), cell, signal);
  process.stdout.write(flags.json === true ? `${json(result)}\n` : rerunText(result));
  if (result.now.verdict === 'infra-error') return EXIT.infrastructure;
  const same = result.clock === 'real' ? result.sameVerdict : result.sameTranscript;
  return same ? EXIT.ok : EXIT.unexpected;
}
