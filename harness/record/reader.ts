/** Reads the record of a run, also of one that was killed, still goes on, or was written by an older version. */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { UserError } from '../host/errors.ts';
import { codeOf } from './faults.ts';
import { isLocked } from './lock.ts';
import { type Provenance, parseProvenance } from './provenance-types.ts';
import { applyEvent, newRunView, type RunView } from './run-view.ts';
import { EVENT_TYPES, parseEvent } from './schema.ts';
import { RECORD_VERSION, type Recorded } from './types.ts';
import { upgradeEvent } from './upgrade.ts';
import { LOG_FILE } from './writer.ts';

/** A line of the log that could not be used. `line` counts from 1; 0 is another file of the run. */
export interface RecordProblem {
  readonly line: number;
  readonly text: string;
}

export interface RunRecord {
  /** Absolute. */
  readonly dir: string;
  readonly run: string;
  /** The version it was written in; the events are in the current one. */
  readonly version: number;
  /** In the order of the log; what a reporter is fed from. */
  readonly events: readonly Recorded[];
  readonly view: RunView;
  /** 'running': its process still lives. 'incomplete': the run ended without saying so. */
  readonly state: 'finished' | 'running' | 'incomplete';
  /** Events of a type that this version does not know. */
  readonly unknown: readonly Readonly<Record<string, unknown>>[];
  readonly problems: readonly RecordProblem[];
  /** Null where the file is missing or damaged; then `problems` says so. */
  readonly provenance: Provenance | null;
}

/** Reads results/RUN/. Throws UserError where it is no record, or one of a newer version. */
export async function readRecord(dir: string): Promise<RunRecord> {
  const path = join(resolve(dir), LOG_FILE);
  const events: Recorded[] = [];
  const unknown: Record<string, unknown>[] = [];
  const problems: RecordProblem[] = [];
  const view = newRunView();
  let version: number | undefined;
  let line = 0;
  let nextSeq = 0;
  let torn: RecordProblem | undefined;

  for await (const text of linesOf(path)) {
    line++;
    // Only now is it known that the bad line before this one was not the last.
    if (torn !== undefined) problems.push(torn);
    torn = undefined;
    const raw = parseLine(text);
    if (raw === undefined) {
      torn = { line, text: 'not a whole event' };
      continue;
    }
    version ??= versionOf(raw, path);
    if (raw.seq !== nextSeq) problems.push({ line, text: `event ${nextSeq} should stand here` });
    nextSeq = (typeof raw.seq === 'number' ? raw.seq : nextSeq) + 1;
    for (const current of upgradeEvent(raw, version)) {
      if (typeof current.type === 'string' && !EVENT_TYPES.has(current.type)) {
        unknown.push(current);
        continue;
      }
      const parsed = parseEvent(current);
      if (!parsed.ok) {
        problems.push({ line, text: `not an event of version ${RECORD_VERSION}: ${parsed.why}` });
        continue;
      }
      events.push(parsed.event);
      applyEvent(view, parsed.event);
    }
  }
  if (version === undefined || view.started === null) {
    throw new UserError(
      `${path} holds no run`,
      'it does not begin with a run-started event; was the disk full?',
    );
  }
  if (torn !== undefined) problems.push({ ...torn, text: 'the last line was cut short; it is left out' });
  const provenance = await readProvenance(resolve(dir), problems);
  const state = view.finished !== null ? 'finished' : (await isLocked(dir)) ? 'running' : 'incomplete';
  const run = view.started.run || basename(resolve(dir));
  return { dir: resolve(dir), run, version, events, view, state, unknown, problems, provenance };
}

async function* linesOf(path: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    const why = ['ENOENT', 'ENOTDIR'].includes(codeOf(error)) ? 'there is no such file' : String(error);
    throw new UserError(
      `cannot read the record ${path}: ${why}`,
      'name the folder of a run, for example results/latest',
      {
        cause: error,
      },
    );
  }
}

function parseLine(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function versionOf(first: Record<string, unknown>, path: string): number {
  const version = first.version;
  if (
    first.type !== 'run-started' ||
    typeof version !== 'number' ||
    !Number.isSafeInteger(version) ||
    version < 1
  ) {
    throw new UserError(`${path} is not the record of a run`, 'its first line should be a run-started event');
  }
  if (version > RECORD_VERSION) {
    throw new UserError(
      `${path} was written in record version ${version}; this program reads up to ${RECORD_VERSION}`,
      'read it with the tscmatrix that wrote it, or a newer one',
    );
  }
  return version;
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
