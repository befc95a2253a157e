/** The plain files of a tar archive, one after the other as they come; nothing is written anywhere. */
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Header } from 'tar-stream';
import { UserError } from '../base/errors.ts';
import { stopIfInterrupted } from './interruption.ts';

/** A file within an archive or a folder. */
export interface InnerFile {
  readonly path: string;
  content(): AsyncIterable<Uint8Array>;
}

/** More files are in no report of a machine. */
export const INNER_FILES_MAX = 500_000;

export function isTar(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(257, 262)).toString('latin1') === 'ustar';
}

/** A file's content is read before the next one is asked for, or passed over. Throws UserError where the archive is damaged. */
export async function* tarEntries(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<InnerFile> {
  // Loaded here: a log that is no archive is the usual case, and should not wait for it.
  const { extract } = await import('tar-stream');
  const archive = extract();
  let fault: unknown;
  const feeding = pipeline(Readable.from(chunks), archive as unknown as Writable).catch((error) => {
    fault = error;
  });
  let count = 0;
  try {
    for await (const entry of archive as unknown as AsyncIterable<Readable & { readonly header: Header }>) {
      stopIfInterrupted(`reading ${name}`);
      count += 1;
      if (count > INNER_FILES_MAX) throw tooMany(name);
      if (entry.header.type === 'file') yield { path: entry.header.name, content: () => entry };
      if (!entry.destroyed) for await (const _ of entry);
    }
    await feeding;
    if (fault !== undefined) throw fault;
  } catch (error) {
    archive.destroy();
    await feeding;
    stopIfInterrupted(`reading ${name}`);
    const first = fault ?? error;
    if (first instanceof UserError || error instanceof UserError)
      throw first instanceof UserError ? first : error;
    throw new UserError(`${name} is a damaged tar archive: ${(first as Error).message}`, undefined, {
      cause: first,
    });
  }
}

export function tooMany(name: string): UserError {
  return new UserError(
    `${name} holds more than ${INNER_FILES_MAX} files`,
    'name the file that holds the log',
  );
}
