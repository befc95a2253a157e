/** The tables of results/history.sqlite. All of them can be made again from the records. */
import type { DatabaseSync } from 'node:sqlite';

/** Raised with every change of the tables or of what is put into them; a database of another version is made anew. */
const HISTORY_VERSION = 2;
const VERSION_KEY = 'user_version';

/**
 * A night of a cell is a row of small numbers, in the order in which it is asked for (cell, then time); what repeats
 * (results, kernels) stands once in a table of its own. So a year of 1,000 cells is some 15 MB and read in one go.
 */
const TABLES = `
CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  run TEXT NOT NULL UNIQUE,
  matrix TEXT NOT NULL,
  at TEXT NOT NULL,
  exit_code INTEGER,
  qemu TEXT,
  host_cpu TEXT,
  -- Of the event log when it was read: another size or time, and it is read again.
  log_stamp TEXT NOT NULL,
  -- Null: a record of a run. Else why it is left out; it is then looked at again only when it changes.
  unusable TEXT
) STRICT;
-- Runs that were merged into another run: their nights are that run's.
CREATE TABLE merged (run TEXT NOT NULL, into_id INTEGER NOT NULL, PRIMARY KEY (run, into_id)) STRICT, WITHOUT ROWID;
CREATE TABLE cells (
  id INTEGER PRIMARY KEY,
  matrix TEXT NOT NULL,
  cell TEXT NOT NULL,
  kernel TEXT NOT NULL,
  topology TEXT NOT NULL,
  clock TEXT NOT NULL,
  UNIQUE (matrix, cell)
) STRICT;
CREATE INDEX cells_by_name ON cells (cell);
CREATE TABLE results (
  id INTEGER PRIMARY KEY,
  outcome TEXT NOT NULL,
  lost INTEGER NOT NULL,
  verdicts TEXT NOT NULL,
  current TEXT NOT NULL,
  UNIQUE (outcome, lost, verdicts, current)
) STRICT;
CREATE TABLE kernels (
  id INTEGER PRIMARY KEY,
  release TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  UNIQUE (release, sha256)
) STRICT;
CREATE TABLE nights (
  cell_id INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  result_id INTEGER NOT NULL,
  kernel_id INTEGER,
  boots INTEGER NOT NULL,
  wall_ms INTEGER NOT NULL,
  -- Of its boots, the dearest reading of the clock and the rate that is furthest off; null where nobody measured.
  clock_ns REAL,
  clock_ppm REAL,
  PRIMARY KEY (cell_id, at_ms, run_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX nights_by_run ON nights (run_id);
`;
const NAMES = ['nights', 'kernels', 'results', 'cells', 'merged', 'runs'];

/** Runs `work` in one transaction that nobody else can write beside; all of it counts, or nothing. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  return between(database, 'BEGIN IMMEDIATE', work);
}

/** Runs several queries on one state of the database, whatever others write meanwhile. */
export function inSnapshot<T>(database: DatabaseSync, work: () => T): T {
  return between(database, 'BEGIN', work);
}

function between<T>(database: DatabaseSync, begin: string, work: () => T): T {
  database.exec(begin);
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Makes the tables if there are none, or those of another version. */
export function makeTables(database: DatabaseSync): void {
  if (versionOf(database) === HISTORY_VERSION) return;
  inTransaction(database, () => {
    // Another process may have been quicker.
    if (versionOf(database) === HISTORY_VERSION) return;
    for (const name of NAMES) database.exec(`DROP TABLE IF EXISTS ${name}`);
    database.exec(TABLES);
    database.exec(`PRAGMA ${VERSION_KEY} = ${HISTORY_VERSION}`);
  });
}

/** Takes out what no night refers to any more. */
export function removeOrphans(database: DatabaseSync): void {
  inTransaction(database, () => {
    for (const [table, column] of [
      ['cells', 'cell_id'],
      ['results', 'result_id'],
      ['kernels', 'kernel_id'],
    ]) {
      database.exec(
        `DELETE FROM ${table} WHERE id NOT IN (SELECT ${column} FROM nights WHERE ${column} IS NOT NULL)`,
      );
    }
  });
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare(`PRAGMA ${VERSION_KEY}`).get()?.[VERSION_KEY]);
}
