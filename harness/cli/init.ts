/** `tscmatrix init`: a first matrix, for the kernel that is named or the one that runs here. */
import { access, constants, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { EXIT, UserError } from '../base/errors.ts';
import { kernelKeys } from '../matrix/kernel-argument.ts';
import { parseMatrix } from '../matrix/load.ts';
import { starterMatrix } from '../matrix/starter.ts';
import { say } from './say.ts';

export interface InitFlags {
  readonly output: string;
  readonly sha256?: string;
}

/** A kernel that every machine can get. */
const FETCHED = 'debian:linux-image-cloud-amd64@trixie';

export async function initCommand(
  kernel: string | undefined,
  { output, sha256 }: InitFlags,
): Promise<number> {
  const subject = kernel ?? (await runningKernel());
  const text = starterMatrix(kernelKeys(subject, sha256));
  // What we write, we can read.
  parseMatrix(text, output);
  await writeFile(output, text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST'
      ? new UserError(`${output} is there already, and is left as it is`, 'name another file with --output')
      : new UserError(`${output} cannot be written: ${error.message}`, 'name another file with --output');
  });
  say(
    `wrote ${output} for ${subject}; its cells: tscmatrix plan ${output}; boot them: tscmatrix run ${output}`,
  );
  return EXIT.ok;
}

/** Its image, where that may be read; else one that is fetched, and that is said. */
async function runningKernel(): Promise<string> {
  const image = `/boot/vmlinuz-${release()}`;
  const isReadable = await access(image, constants.R_OK).then(
    () => true,
    () => false,
  );
  if (isReadable) return image;
  say(`${image} of the running kernel is not there or may not be read: the matrix has a kernel of Debian's`);
  return FETCHED;
}
