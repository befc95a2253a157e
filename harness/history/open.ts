/** Opens the history of a results folder: results/history.sqlite, filled from the records beside it. */

import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HostFault } from '../base/errors.ts';
import { stopIfInterrupted } from '../host/interruption.ts';
import { type Filled, type FillOptions, fillHistory } from './fill.ts';
import { makeTables } from './schema.ts';

export const HISTORY_FILE = 'history.sqlite';
/** How long to wait for another process that fills; each run it puts in takes some ms. */
const BUSY_MS = 30_000;
/** SQLITE_CORRUPT and SQLITE_NOTADB (sqlite3.h). */
const DAMAGED = new Set([11, 26]);

export interface History {
  readonly database: DatabaseSync;
  readonly filled: Filled;
  close(): void;
}

/**
 * Opens the database and fills it with what is new. One that is damaged or of another version is made anew. If
 * there is no such folder the history is empty, and nothing is written. Throws HostFault 'history-failed'.
 */
export async function openHistory(resultsDir: string, options: FillOptions = {}): Promise<History> {
  const isFolder = statSync(resultsDir, { throwIfNoEntry: false })?.isDirectory() === true;
  const path = isFolder ? join(resultsDir, HISTORY_FILE) : ':memory:';
  let database: DatabaseSync | undefined;
  try {
    database = openDatabase(path);
    const filled = await fillHistory(database, resultsDir, options);
    return { database, filled, close: closer(database) };
  } catch (error) {
    if (database?.isOpen === true) database.close();
    stopIfInterrupted();
    throw historyFault(error, path);
  }
}

/** Runs `work` on the history and closes it, however that ends. */
export async function withHistory<T>(
  resultsDir: string,
  work: (history: History) => T | Promise<T>,
  options: FillOptions = {},
): Promise<T> {
  const history = await openHistory(resultsDir, options);
  try {
    return await work(history);
  } finally {
    history.close();
  }
}

function closer(database: DatabaseSync): () => void {
  return () => {
    if (database.isOpen) database.close();
  };
}

/** What cannot be read as a database is removed: everything in it is in the records. */
function openDatabase(path: string): DatabaseSync {
  try {
    return prepared(path);
  } catch (error) {
    if (path === ':memory:' || !DAMAGED.has(sqliteCode(error))) throw error;
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
    return prepared(path);
  }
}

function prepared(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_MS });
  try {
    // Readers and one writer do not wait for each other. A lost tail after a power cut is read again from the records.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    makeTables(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function sqliteCode(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
}

function historyFault(error: unknown, path: string): Error {
  if (!(error instanceof Error) || sqliteCode(error) === 0) return error as Error;
  return new HostFault(
    'history-failed',
    `the history ${path} cannot be used: ${error.message}`,
    'it is made from the records: remove it, or give the folder space and write permission',
    { cause: error },
  );
}
