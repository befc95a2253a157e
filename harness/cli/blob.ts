/** `tscmatrix blob`: a recorded run as one portable file. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { EXIT, UserError } from '../base/errors.ts';
import { writeBlob } from '../record/blob/blob-write.ts';
import { findRun } from '../record/find-run.ts';

export interface BlobFlags {
  readonly results: string;
  readonly label?: string;
}

/** Throws UserError if a blob could not be written there: said before a run of hours, and not after it. */
export async function checkPlace(file: string): Promise<void> {
  const folder = dirname(resolve(file));
  const isFolder = await stat(file).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const writable = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (writable && !isFolder) return;
  throw new UserError(
    `the blob ${file} cannot be written: ${isFolder ? 'it is a folder' : `${folder} is no writable folder`}`,
    'name a file in a folder that exists and is writable',
  );
}

/** Writes the blob and says so on stderr. */
export async function writeRunBlob(dir: string, file: string, label: string | undefined): Promise<void> {
  const { files, run } = await writeBlob(dir, file, label ?? null);
  process.stderr.write(`tscmatrix: the ${files.length} files of ${run} are in ${file}\n`);
}

export async function blobCommand(run: string, file: string, flags: BlobFlags): Promise<number> {
  await writeRunBlob(await findRun(flags.results, run), file, flags.label);
  return EXIT.ok;
}
