/** Reads the record of a run, also of one that was killed, still goes on, or was written by an older version. */
import { basename, join, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { openInside } from '../host/inside.ts';
import { errnoOf } from '../host/write-faults.ts';
import { isLocked } from './lock.ts';
import { type EventLog, LOG_BYTES_MAX, linesIn, type RecordProblem, readLog } from './log.ts';
import { PROVENANCE_FILE, readProvenance } from './provenance/provenance-file.ts';
import type { Provenance } from './provenance/provenance-types.ts';
import { LOG_FILE } from './writer.ts';

export type { RecordProblem };

/** A record: its log, whose events are in the order in which a reporter is fed, and what lies beside it. */
export interface RunRecord extends EventLog {
  /** Absolute. */
  readonly dir: string;
  readonly run: string;
  /** 'running': its process still lives. 'incomplete': the run ended without saying so. */
  readonly state: 'finished' | 'running' | 'incomplete';
  /** Null if the file is missing or damaged; then `problems` says so. */
  readonly provenance: Provenance | null;
}

/** Reads results/RUN/. Throws UserError if it is no record, or one of a newer version. */
export async function readRecord(dir: string): Promise<RunRecord> {
  const path = join(resolve(dir), LOG_FILE);
  const log = await readLog(linesOf(resolve(dir), path), path);
  const { view, problems } = log;
  const provenance = await provenanceOf(resolve(dir), problems);
  const state = view.finished !== null ? 'finished' : (await isLocked(dir)) ? 'running' : 'incomplete';
  const run = view.started?.run || basename(resolve(dir));
  return { ...log, dir: resolve(dir), run, state, provenance };
}

async function* linesOf(dir: string, path: string): AsyncGenerator<string> {
  try {
    const { handle } = await openInside(dir, path, LOG_BYTES_MAX);
    yield* linesIn(handle.createReadStream(), path);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const why = ['ENOENT', 'ENOTDIR'].includes(errnoOf(error)) ? 'there is no such file' : String(error);
    throw new UserError(
      `cannot read the record ${path}: ${why}`,
      'name the folder of a run, for example results/latest',
      { cause: error },
    );
  }
}

async function provenanceOf(dir: string, problems: RecordProblem[]): Promise<Provenance | null> {
  try {
    return await readProvenance(dir);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') problems.push({ line: 0, text: `there is no ${PROVENANCE_FILE}` });
    else problems.push({ line: 0, text: `provenance.json cannot be used: ${String(error).split('\n')[0]}` });
    return null;
  }
}
