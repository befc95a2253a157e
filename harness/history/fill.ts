/** Brings the database up to date with the records: new and changed runs are read, runs that are gone are taken out. */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { UserError } from '../base/errors.ts';
import { stopIfInterrupted } from '../host/interruption.ts';
import { listRuns } from '../record/find-run.ts';
import { type RunRecord, readRecord } from '../record/reader.ts';
import { LOG_FILE } from '../record/writer.ts';
import { insertRun, insertUnusable, removeRun } from './insert.ts';
import { inTransaction, removeOrphans } from './schema.ts';

export interface FillOptions {
  /** Read every record again, also those that have not changed. */
  readonly rebuild?: boolean;
  /** Told how many of the runs that have to be read are read. */
  readonly onProgress?: (done: number, of: number) => void;
}

export interface Filled {
  readonly read: number;
  readonly removed: number;
  /** Runs that could not be used, for people. */
  readonly unusable: readonly { readonly run: string; readonly why: string }[];
}

interface Known {
  readonly run: string;
  readonly log_stamp: string;
  readonly unusable: string | null;
}

/**
 * Reads what has changed since the last time. Each run goes in with one transaction that first looks whether
 * another process has done it meanwhile, so that any number of them may fill at once, and be killed while they do.
 */
export async function fillHistory(
  database: DatabaseSync,
  resultsDir: string,
  { rebuild = false, onProgress }: FillOptions = {},
): Promise<Filled> {
  const known = new Map(knownRuns(database).map((one) => [one.run, one]));
  const stamps = await stampsOf(resultsDir);
  const stale = [...stamps].filter(([run, stamp]) => rebuild || known.get(run)?.log_stamp !== stamp);
  let done = 0;
  for (const [run, stamp] of stale) {
    stopIfInterrupted();
    onProgress?.(done++, stale.length);
    await fillRun(database, join(resultsDir, run), run, stamp, rebuild);
  }
  if (stale.length > 0) onProgress?.(done, stale.length);
  const gone = [...known.keys()].filter((run) => !stamps.has(run));
  for (const run of gone) inTransaction(database, () => removeRun(database, run));
  if (rebuild || gone.length > 0) removeOrphans(database);
  const unusable = knownRuns(database).flatMap((one) =>
    one.unusable === null ? [] : [{ run: one.run, why: one.unusable }],
  );
  return { read: stale.length, removed: gone.length, unusable };
}

function knownRuns(database: DatabaseSync): Known[] {
  return database
    .prepare('SELECT run, log_stamp, unusable FROM runs ORDER BY run')
    .all() as unknown as Known[];
}

async function fillRun(
  database: DatabaseSync,
  dir: string,
  run: string,
  stamp: string,
  anyway: boolean,
): Promise<void> {
  const record = await readOrWhy(dir);
  // It is still being written: its nights come when it has ended.
  if (typeof record === 'object' && record.state === 'running') return;
  inTransaction(database, () => {
    const stored = database.prepare('SELECT log_stamp FROM runs WHERE run = ?').get(run)?.log_stamp;
    if (stored === stamp && !anyway) return;
    removeRun(database, run);
    if (typeof record === 'string') insertUnusable(database, run, stamp, record);
    else insertRun(database, record, run, stamp);
  });
}

async function readOrWhy(dir: string): Promise<RunRecord | string> {
  try {
    return await readRecord(dir);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** Each run of the folder with the stamp of its log. */
async function stampsOf(resultsDir: string): Promise<Map<string, string>> {
  const runs = await listRuns(resultsDir);
  const stamps = await Promise.all(
    runs.map(async (run) => {
      // One that is being removed at this moment is gone.
      const log = await stat(join(resultsDir, run, LOG_FILE)).catch(() => null);
      return log === null ? [] : [[run, `${log.size} ${log.mtimeMs}`] as const];
    }),
  );
  return new Map(stamps.flat());
}
