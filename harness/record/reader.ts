/** Reads the record of a run, also of one that was killed, still goes on, or was written by an older version. */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { errnoOf } from '../host/write-faults.ts';
import { isLocked } from './lock.ts';
import { type EventLog, linesIn, type RecordProblem, readLog } from './log.ts';
import { type Provenance, parseProvenance } from './provenance/provenance-types.ts';
import { LOG_FILE } from './writer.ts';

export type { RecordProblem };

/** A record: its log, whose events are in the order in which a reporter is fed, and what lies beside it. */
export interface RunRecord extends EventLog {
  /** Absolute. */
  readonly dir: string;
  readonly run: string;
  /** 'running': its process still lives. 'incomplete': the run ended without saying so. */
  readonly state: 'finished' | 'running' | 'incomplete';
  /** Null where the file is missing or damaged; then `problems` says so. */
  readonly provenance: Provenance | null;
}

/** Reads results/RUN/. Throws UserError where it is no record, or one of a newer version. */
export async function readRecord(dir: string): Promise<RunRecord> {
  const path = join(resolve(dir), LOG_FILE);
  const log = await readLog(linesOf(path), path);
  const { view, problems } = log;
  const provenance = await readProvenance(resolve(dir), problems);
  const state = view.finished !== null ? 'finished' : (await isLocked(dir)) ? 'running' : 'incomplete';
  const run = view.started?.run || basename(resolve(dir));
  return { ...log, dir: resolve(dir), run, state, provenance };
}

async function* linesOf(path: string): AsyncGenerator<string> {
  try {
    yield* linesIn(createReadStream(path));
  } catch (error) {
    const why = ['ENOENT', 'ENOTDIR'].includes(errnoOf(error)) ? 'there is no such file' : String(error);
    throw new UserError(
      `cannot read the record ${path}: ${why}`,
      'name the folder of a run, for example results/latest',
      { cause: error },
    );
  }
}

async function readProvenance(dir: string, problems: RecordProblem[]): Promise<Provenance | null> {
  const path = join(dir, 'provenance.json');
  try {
    await stat(path);
  } catch {
    problems.push({ line: 0, text: 'there is no provenance.json' });
    return null;
  }
  try {
    return parseProvenance(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    problems.push({ line: 0, text: `provenance.json cannot be used: ${String(error).split('\n')[0]}` });
    return null;
  }
}
