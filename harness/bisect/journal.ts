/**
 * The journal of a search: one line of JSON for each thing that happened, on disk before the next begins. Nothing else
 * is kept; after Ctrl-C, kill -9 or a power cut the search goes on from these lines.
 */
import { mkdir, open, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { readInside } from '../host/inside.ts';
import { toWriteError } from '../host/write-faults.ts';
import { type Entry, JOURNAL_VERSION } from './entries.ts';

export const JOURNAL_FILE = 'journal.jsonl';

export interface Journal {
  readonly path: string;
  /** All so far, those of earlier processes included. */
  readonly entries: readonly Entry[];
  /** On disk once this has resolved. */
  add(entry: Entry): Promise<void>;
  close(): Promise<void>;
}

/** The entries of a journal, and how many bytes of the file they take. A last line without its end is none. */
export async function readJournal(folder: string): Promise<{ entries: Entry[]; bytes: number }> {
  const path = join(folder, JOURNAL_FILE);
  const content = await readInside(folder, JOURNAL_FILE).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new UserError(`${folder} holds no search: it has no ${JOURNAL_FILE}`);
  });
  const bytes = content.lastIndexOf('\n') + 1;
  const lines = content.subarray(0, bytes).toString('utf8').split('\n').slice(0, -1);
  const entries = lines.map((line, index) => {
    try {
      return JSON.parse(line) as Entry;
    } catch (error) {
      throw new UserError(
        `${path}:${index + 1}: damaged: ${(error as Error).message}`,
        'start the search anew',
      );
    }
  });
  const first = entries[0];
  if (first !== undefined && (first.type !== 'started' || first.version > JOURNAL_VERSION)) {
    throw new UserError(`${path} was written by a newer tscmatrix`, 'use that one to go on');
  }
  return { entries, bytes };
}

/** Opens a journal to resume its search, or a new one. The caller holds the folder's lock. */
export async function openJournal(folder: string): Promise<Journal> {
  const path = join(folder, JOURNAL_FILE);
  await mkdir(folder, { recursive: true });
  const file = await open(path, 'a');
  const { entries, bytes } = await readJournal(folder);
  // What a power cut left of a line would run together with the next one.
  await truncate(path, bytes);
  // The file's own name has to be on disk as well.
  for (const parent of [folder, dirname(folder)]) {
    const handle = await open(parent, 'r');
    await handle.sync().finally(() => handle.close());
  }
  return {
    path,
    entries,
    async add(entry) {
      try {
        await file.write(`${JSON.stringify(entry)}\n`);
        await file.sync();
      } catch (error) {
        throw toWriteError(error, path);
      }
      entries.push(entry);
    },
    close: () => file.close(),
  };
}
