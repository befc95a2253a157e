/** Where a report goes: a stream, or a file that was shown to be writable before the run began. */
import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { errnoOf, toWriteError } from './write-faults.ts';

/** A stream as far as reports need it: process.stdout, process.stderr, or any other. */
export type OutputStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

export interface Sink {
  /** The stream's, if there is one. */
  readonly columns: number | undefined;
  readonly isTty: boolean;
  write(text: string): Promise<void>;
}

export function streamSink(stream: OutputStream): Sink {
  return {
    // Asked when something is written: a window may have been resized since.
    get columns() {
      return stream.isTTY === true ? stream.columns : undefined;
    },
    isTty: stream.isTTY === true,
    write: (text) =>
      new Promise((done, fail) => {
        stream.write(text, (error) => (error == null ? done() : fail(error)));
      }),
  };
}

/** Throws UserError if the file cannot be written. The first write replaces what it holds, the next ones add to it. */
export function fileSink(reporter: string, path: string): Sink {
  const full = resolve(path);
  const existed = statSync(full, { throwIfNoEntry: false }) !== undefined;
  try {
    closeSync(openSync(full, 'a'));
    if (!existed) rmSync(full);
  } catch (error) {
    throw new UserError(
      `the reporter ${reporter} cannot write ${full}: ${errnoOf(error)}`,
      'name a file in a folder that exists and is writable',
      { cause: error },
    );
  }
  let flag = 'w';
  return {
    columns: undefined,
    isTty: false,
    async write(text) {
      try {
        await writeFile(full, text, { flag });
        flag = 'a';
      } catch (error) {
        throw toWriteError(error, full);
      }
    },
  };
}
