/** `tscmatrix doctor`: what this host can do, found out by trying. */

import { EXIT } from '../base/errors.ts';
import { json, oneLine } from '../base/safe-text.ts';
import { examine } from '../doctor/examine.ts';
import { examinationText } from '../doctor/text.ts';
import { hasColours } from '../host/colour.ts';
import { removeStaleScratch } from '../host/scratch.ts';
import { kernelArgument } from '../matrix/kernel-argument.ts';

export interface DoctorFlags {
  readonly qemu: string;
  readonly kernel?: string;
  readonly json?: boolean;
}

/** 0 if all that is needed always is there, else 69. */
export async function doctorCommand(flags: DoctorFlags): Promise<number> {
  const kernel = flags.kernel === undefined ? null : kernelArgument(flags.kernel);
  await removeStaleScratch();
  const examination = await examine({
    qemu: flags.qemu,
    kernel,
    onProgress: (text) => void process.stderr.write(`tscmatrix: ${oneLine(text)}\n`),
  });
  const { isTTY, columns } = process.stdout;
  process.stdout.write(
    flags.json === true
      ? `${json(examination)}\n`
      : examinationText(examination, {
          colour: hasColours(isTTY),
          columns: isTTY ? columns : undefined,
        }),
  );
  return examination.ok ? EXIT.ok : EXIT.hostFault;
}
