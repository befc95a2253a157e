/** Reads an event log, from wherever its bytes come, also one that was cut short, damaged, or of an older version. */
import { UserError } from '../base/errors.ts';
import { applyEvent, newRunView, type RunView } from './run-view.ts';
import { EVENT_TYPES, parseEvent } from './schema.ts';
import { RECORD_VERSION, type Recorded } from './types.ts';
import { upgradeEvent } from './upgrade.ts';

/** A line of the log that could not be used. `line` counts from 1; 0 is another file of the run. */
export interface RecordProblem {
  readonly line: number;
  readonly text: string;
}

export interface EventLog {
  /** The version it was written in; the events are in the current one. */
  readonly version: number;
  readonly events: readonly Recorded[];
  readonly view: RunView;
  /** Events of a type that this version does not know. */
  readonly unknown: readonly Readonly<Record<string, unknown>>[];
  readonly problems: RecordProblem[];
}

/** Throws UserError if the lines are no record, or one of a newer version; `path` names it. */
export async function readLog(
  lines: AsyncIterable<string> | Iterable<string>,
  path: string,
): Promise<EventLog> {
  const events: Recorded[] = [];
  const unknown: Record<string, unknown>[] = [];
  const problems: RecordProblem[] = [];
  const view = newRunView();
  let version: number | undefined;
  let line = 0;
  let nextSeq = 0;
  let torn: RecordProblem | undefined;

  for await (const text of lines) {
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
  return { version, events, view, unknown, problems };
}

/** What fifty thousand cells make. Larger logs are not read: their events are kept in memory. */
export const LOG_BYTES_MAX = 128 * 1024 * 1024;
/** The longest line is that of the plan of a shard: an id for each cell. */
const LINE_CHARACTERS_MAX = 16 * 1024 * 1024;

/**
 * The lines of a UTF-8 text. Only LF ends one: node:readline also takes U+2028 for an end, which JSON leaves as it
 * is and a guest may print. Throws UserError if a line, or all of them, is longer than a log's may be; `path` names it.
 */
export async function* linesIn(chunks: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let open: string[] = [];
  let characters = 0;
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > LOG_BYTES_MAX) throw tooLong(path, `it has more than ${LOG_BYTES_MAX} bytes`);
    const pieces = decoder.decode(chunk, { stream: true }).split('\n');
    const last = pieces.pop() ?? '';
    for (const piece of pieces) {
      open.push(piece);
      yield open.join('');
      open = [];
      characters = 0;
    }
    open.push(last);
    characters += last.length;
    if (characters > LINE_CHARACTERS_MAX)
      throw tooLong(path, `it has a line of more than ${LINE_CHARACTERS_MAX} characters`);
  }
  const rest = open.join('') + decoder.decode();
  if (rest !== '') yield rest;
}

function tooLong(path: string, why: string): UserError {
  return new UserError(`${path} is not read: ${why}`, 'no run writes such a log');
}

/** An event as it stands in the log, unchecked; undefined if the line is no JSON object. */
export function parseLine(text: string): Record<string, unknown> | undefined {
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
