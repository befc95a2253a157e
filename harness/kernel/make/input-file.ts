/** Files that a recipe names: patches, fragments, wrappers. They are small, and read whole before anything is done. */
import { createHash } from 'node:crypto';
import { UserError } from '../../base/errors.ts';
import { readNamed } from '../../host/inside.ts';

export interface InputFile {
  /** As messages and records call it. */
  readonly name: string;
  readonly content: Buffer;
  readonly sha256: string;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'it may not be read',
};

/** `what` says what the file was to be, for example "the patch". */
export async function readInput(what: string, path: string): Promise<InputFile> {
  try {
    return inputFile(path, await readNamed(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UserError(`${what} ${path}: ${REASONS[code ?? ''] ?? message}`, undefined, { cause: error });
  }
}

export function inputFile(name: string, content: Buffer): InputFile {
  return { name, content, sha256: createHash('sha256').update(content).digest('hex') };
}
