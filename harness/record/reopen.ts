/** Opens the record of a run that was cut off, to resume it: takes the folder, and mends the end of the log. */
import { open, readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { readInside } from '../host/inside.ts';
import { toWriteError } from '../host/write-faults.ts';
import { syncPath } from './durable.ts';
import { dropLock, takeOver } from './lock.ts';
import { LOG_BYTES_MAX, parseLine } from './log.ts';
import { type RunRecord, readRecord } from './reader.ts';
import { RECORD_VERSION } from './types.ts';
import { LOG_FILE, type LogEnd, makeWriter, type RecordWriter } from './writer.ts';

interface Reopened {
  /** As it stands after the mending. */
  readonly record: RunRecord;
  readonly writer: RecordWriter;
}

/**
 * Throws UserError if a living process writes the run, if the log is damaged before its end, and if it is
 * of an older version.
 */
export async function reopenRecord(dir: string): Promise<Reopened> {
  await takeOver(dir);
  try {
    const end = await mendLog(dir);
    const record = await readRecord(dir);
    const damaged = record.problems.find(({ line }) => line > 0);
    if (damaged !== undefined) throw damage(dir, damaged.line, damaged.text);
    if (record.version !== RECORD_VERSION) {
      throw new UserError(
        `the run in ${dir} was recorded in version ${record.version}; this program writes ${RECORD_VERSION}`,
        'resume it with the tscmatrix that began it, or run the matrix again',
      );
    }
    await removeParts(dir);
    return { record, writer: makeWriter(dir, await open(join(dir, LOG_FILE), 'a'), end) };
  } catch (error) {
    await dropLock(dir);
    throw error;
  }
}

function damage(dir: string, line: number, text: string): UserError {
  return new UserError(
    `the log of ${dir} is damaged in line ${line}, before results that it tells of: ${text}`,
    'what can be read is in its report; run the matrix again',
  );
}

/**
 * Cuts the log after its last whole event. What a crash of the machine leaves behind the last fsync may be a half
 * line, zeros, or later blocks without earlier ones; all of that is behind the last cell-finished.
 */
async function mendLog(dir: string): Promise<LogEnd> {
  const path = join(dir, LOG_FILE);
  const bytes = await readInside(dir, path, LOG_BYTES_MAX);
  let seq = 0;
  let at = 0;
  for (let end = bytes.indexOf(10, at); end >= 0; end = bytes.indexOf(10, at)) {
    if (parseLine(bytes.toString('utf8', at, end))?.seq !== seq) break;
    at = end + 1;
    seq++;
  }
  for (let from = at; from < bytes.length; ) {
    const end = bytes.indexOf(10, from);
    if (end < 0) break;
    if (parseLine(bytes.toString('utf8', from, end))?.type === 'cell-finished')
      throw damage(dir, seq + 1, 'not a whole event');
    from = end + 1;
  }
  if (at < bytes.length) {
    try {
      await truncate(path, at);
      await syncPath(path);
    } catch (error) {
      throw toWriteError(error, path);
    }
  }
  return { seq, bytes: at };
}

/** Files that were being written when the run ended. */
async function removeParts(dir: string): Promise<void> {
  for (const name of await readdir(dir)) if (name.endsWith('.part')) await rm(join(dir, name));
}
