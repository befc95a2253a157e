/** `tscmatrix rerun`: one recorded cell again. */
import { EXIT } from '../base/errors.ts';
import { json, oneLine } from '../base/safe-text.ts';
import { changedText, rerunText } from '../run/again-text.ts';
import { rerun } from '../run/rerun.ts';
import { type Change, isChange, rerunChanged } from '../run/rerun-changed.ts';
import { openRun } from '../run/stored.ts';
import { qemuProgram } from './options.ts';

export interface RerunFlags extends Change {
  readonly timeout: number;
  readonly results: string;
  readonly qemu: string;
  readonly json?: boolean;
}

/** With a change: 0 if the verdict is the same, 1 if not. Else: 0 if the transcript is the same, in real time the verdict; 1 if not; 69 if the host failed the guest, or an input changed. */
export async function rerunCommand(run: string, cell: string, flags: RerunFlags): Promise<number> {
  if (isChange(flags)) return changed(run, cell, flags);
  const result = await rerun(await openRun(flags.results, run), cell, {
    qemu: qemuProgram(flags.qemu),
    onProgress: (text) => void process.stderr.write(`tscmatrix: ${oneLine(text)}\n`),
  });
  process.stdout.write(flags.json === true ? `${json(result)}\n` : rerunText(result));
  if (result.now.verdict === 'infra-error') return EXIT.hostFault;
  const same = result.clock === 'real' ? result.sameVerdict : result.sameTranscript;
  return same ? EXIT.ok : EXIT.unexpected;
}

async function changed(run: string, cell: string, flags: RerunFlags): Promise<number> {
  const result = await rerunChanged(await openRun(flags.results, run), cell, flags, {
    qemu: qemuProgram(flags.qemu),
    timeoutS: flags.timeout,
    onProgress: (text) => void process.stderr.write(`tscmatrix: ${oneLine(text)}\n`),
  });
  process.stdout.write(flags.json === true ? `${json(result)}\n` : changedText(result));
  if (result.observation.verdict === 'infra-error') return EXIT.hostFault;
  return result.sameVerdict ? EXIT.ok : EXIT.unexpected;
}
