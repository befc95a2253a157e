/** Records of loggers to the messages in them: journalctl -o json, json-pretty, export, verbose; dmesg --json; docker's json-file. */

import { bestFormat } from '../messages.ts';

/** A line of the text, or a part of one that holds several. */
export interface RawLine {
  /** 1-based number of the line in the text at hand. */
  readonly n: number;
  readonly text: string;
  /** Seconds since boot, and of the day's clock, if a record says so beside its message. */
  readonly bootS?: number;
  readonly wallS?: number;
}

const MESSAGE_KEYS = ['MESSAGE', 'msg', 'log', 'message'];
const PAIR =
  /^\s*[{,]?\s*"(MESSAGE|msg|log|message|time|_SOURCE_MONOTONIC_TIMESTAMP|__MONOTONIC_TIMESTAMP|_SOURCE_REALTIME_TIMESTAMP|__REALTIME_TIMESTAMP)"\s*:\s*("(?:[^"\\]|\\.)*"|[-\d.]+)/;
const FIELD =
  /^\s*(MESSAGE|_SOURCE_MONOTONIC_TIMESTAMP|__MONOTONIC_TIMESTAMP|_SOURCE_REALTIME_TIMESTAMP|__REALTIME_TIMESTAMP)=(.*)$/;

type Fields = Map<string, string>;

function timesOf(fields: Fields): { bootS?: number; wallS?: number } {
  const micro = (...names: string[]): number | null => {
    const text = names
      .map((name) => fields.get(name))
      .find((value) => value !== undefined && /^\d{1,18}$/.test(value));
    return text === undefined ? null : Number(text) / 1e6;
  };
  const time = fields.get('time');
  const boot =
    micro('_SOURCE_MONOTONIC_TIMESTAMP', '__MONOTONIC_TIMESTAMP') ??
    (time !== undefined && /^\d{1,9}(?:\.\d{1,9})?$/.test(time) ? Number(time) : null);
  const wall = micro('_SOURCE_REALTIME_TIMESTAMP', '__REALTIME_TIMESTAMP');
  return { ...(boot === null ? {} : { bootS: boot }), ...(wall === null ? {} : { wallS: wall }) };
}

/** A message that journald could not store as text is a list of bytes. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (
    Array.isArray(value) &&
    value.length < 65_536 &&
    value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256)
  )
    return new TextDecoder().decode(Uint8Array.from(value as number[]));
  return null;
}

interface JsonRecord {
  readonly message: string;
  readonly fields: Fields;
}
type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** An object or a list in a line; in front quotes, numbers, what json-seq (RFC 7464) and json-sse put there; table marks behind. */
const RECORD = /^[^{}[\]"]{0,60}(\{.*\}|\[.*\])[^{}[\]"]{0,20}$/s;

/** An object, or a list of objects or of texts, in one line; null if it is none, or has no message. */
function jsonLine(text: string): readonly JsonRecord[] | null {
  const json = RECORD.exec(text)?.[1];
  if (json === undefined) return null;
  try {
    const value: unknown = JSON.parse(json);
    const records = (Array.isArray(value) ? value : [value]).flatMap((one) =>
      typeof one === 'string' ? { message: one, fields: new Map() } : jsonRecords(one),
    );
    return records.length === 0 ? null : records;
  } catch {
    return null;
  }
}

/** How deep log stores pack a record: {"_source": {"log": {"message": ...}}}. */
const DEPTH = 3;

/** The message of an object; else those of the objects in it, such as dmesg's list. */
function jsonRecords(object: unknown, depth = DEPTH): JsonRecord[] {
  if (!isObject(object) || depth < 0) return [];
  const message = MESSAGE_KEYS.map((name) => textOf(object[name])).find((text) => text !== null);
  if (message == null) return Object.values(object).flatMap((value) => jsonRecords(value, depth - 1));
  const fields: Fields = new Map(
    Object.entries(object).flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
    ),
  );
  return [{ message, fields }];
}

function unquoted(value: string): string {
  if (!value.startsWith('"')) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value.slice(1, -1);
  }
}

/** Messages of a log that has one key a line; the times of a record may stand before its message or after it. */
function keyedLines(lines: readonly RawLine[]): RawLine[] | null {
  const out: { n: number; text: string; fields: Fields }[] = [];
  let fields: Fields = new Map();
  for (const { n, text } of lines) {
    // A record begins: "{" alone, a blank line (export), "Mon 2026-03-09 07:03:06.123456 CET [s=...]" (verbose).
    if (/^\s*\}?,?\s*\{?\s*$/.test(text) || /^\S{2,4} \d{4}-\d\d-\d\d .*\[s=[0-9a-f]/.test(text)) {
      fields = new Map();
      continue;
    }
    const pair = PAIR.exec(text) ?? FIELD.exec(text);
    if (pair === null) continue;
    const [, name = '', raw = ''] = pair;
    const value = unquoted(raw.trim());
    if (MESSAGE_KEYS.includes(name)) out.push({ n, text: value, fields });
    else fields.set(name, value);
  }
  return out.length === 0 ? null : out.map((one) => ({ n: one.n, text: one.text, ...timesOf(one.fields) }));
}

const isEmpty = ({ text }: RawLine): boolean => text.trim() === '';
/** Of the lines with anything on them, the share that must be records. */
const SHARE = 0.5;

/** A message may hold several lines, and docker keeps their line ends. */
const parted = (line: RawLine): RawLine[] =>
  line.text
    .replace(/[\r\n]+$/, '')
    .split(/\r?\n/)
    .map((text) => ({ ...line, text }));

/** The messages of a log of records; null for a text that is none. */
export function structuredLines(lines: readonly RawLine[]): RawLine[] | null {
  return recordLines(lines)?.flatMap(parted) ?? null;
}

/** A record may have been broken into so many lines. */
const MOST_PARTS = 12;
const OPENS = /^[^{}[\]"]{0,60}\{"/;

/** Records that a mail program or a terminal broke, joined again: between words, or within one. */
function joinRecords(lines: readonly RawLine[]): RawLine[] {
  const out: RawLine[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as RawLine;
    const whole = OPENS.test(line.text) && jsonLine(line.text) === null ? wholeRecord(lines, i) : null;
    out.push(whole === null ? line : { ...line, text: whole.text });
    i += whole === null ? 0 : whole.parts - 1;
  }
  return out;
}

/** How much of the messages of a record is known; -1 if it is none. */
function knownIn(text: string): number {
  const records = jsonLine(text);
  return records === null ? -1 : records.reduce((sum, { message }) => sum + bestFormat(message).literals, 0);
}

function wholeRecord(lines: readonly RawLine[], from: number): { text: string; parts: number } | null {
  for (let parts = 2; parts <= MOST_PARTS && from + parts <= lines.length; parts++) {
    const texts = lines.slice(from, from + parts).map(({ text }) => text.replace(/^(?:[ >|]*[>|] ?)/, ''));
    if (OPENS.test(texts.at(-1) ?? '')) return null;
    if (!/\}[^{}[\]"]{0,20}$/.test(texts.at(-1) ?? '')) continue;
    const [words, cut] = [' ', '']
      .map((glue) => texts.join(glue))
      .map((text) => ({ text, parts, known: knownIn(text) }));
    const best = (cut?.known ?? 0) > (words?.known ?? 0) ? cut : words;
    if (best !== undefined && best.known >= 0) return best;
  }
  return null;
}

function recordLines(lines: readonly RawLine[]): RawLine[] | null {
  const full = joinRecords(lines.filter((line) => !isEmpty(line)));
  const objects = full.map((line) => ({ line, read: jsonLine(line.text) }));
  if (objects.length > 0 && objects.filter(({ read }) => read !== null).length > full.length * SHARE) {
    const all = objects.flatMap(({ line, read }) =>
      read === null
        ? line
        : read.map(({ message, fields }) => ({ n: line.n, text: message, ...timesOf(fields) })),
    );
    // Of a list in one line no line has a number of its own.
    return all.length === objects.length ? all : all.map((line, index) => ({ ...line, n: index + 1 }));
  }
  const marked = full.filter(({ text }) => PAIR.test(text) || FIELD.test(text)).length;
  return marked >= 2 && full.some(({ text }) => /^\s*[[{]|^\s*_[A-Z_]+=|^\s*"dmesg"|\[s=[0-9a-f]/.test(text))
    ? keyedLines(lines)
    : null;
}
