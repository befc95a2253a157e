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

/** Throws UserError where the lines are no record, or one of a newer version; `path` names it. */
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

/**
 * The lines of a UTF-8 text. Only LF ends one: node:readline also takes U+2028 for an end, which JSON leaves as it
 * is and a guest may print.
 */
export async function* linesIn(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const pieces = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = pieces.pop() ?? '';
    yield* pieces;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}

/** An event as it stands in the log, unchecked; undefined where the line is no JSON object. */
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
