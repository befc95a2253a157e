/** The kernel's log on the console, checked against the probe's checksums of it (docs/probe-protocol.md). */

import { CONSOLE_LINES_MAX } from './console.ts';
import { crcWindows } from './crc-window.ts';
import { type At, unescapeText } from './frame-texts.ts';
import { numbers, pairs } from './report-fields.ts';

/** The logsum frame. */
export interface LogSum {
  readonly records: number;
  readonly lines: number;
  readonly block: number;
  /** The log was overwritten while the probe read it. */
  readonly lost: boolean;
  readonly crc: readonly string[];
}

export interface LogCheck {
  /** Every block was found, in order. */
  readonly whole: boolean;
  /** What does not match, for people; null if all does. */
  readonly problem: string | null;
  readonly blocks: number;
  readonly bad: readonly BadBlock[];
}

/** A block that is not on the console as the kernel logged it. */
interface BadBlock {
  /** 1-based. */
  readonly block: number;
  /** The lines of the log that it holds, 1-based, both included. */
  readonly from: number;
  readonly to: number;
  /** It should stand on the console after this line. */
  readonly afterLine: number;
}

interface Candidate {
  readonly n: number;
  /** As the probe forms it: time, text escaped as /dev/kmsg does. */
  readonly text: string;
}

const BLOCK_MAX = 64;

export function logSum(text: string): LogSum | null {
  const fields = pairs(text);
  const [records, lines, block, lost] = ['records', 'lines', 'block', 'lost'].map((name) =>
    numbers(fields, name),
  );
  const crc = (fields.crc ?? '').split(',').filter((one) => one !== '');
  if (records == null || lines == null || block == null || lost == null) return null;
  if (block < 1 || block > BLOCK_MAX || !crc.every((one) => /^[0-9a-f]{8}$/.test(one))) return null;
  return { records, lines, block, lost: lost !== 0, crc };
}

/** Pure. `transcript` ends with the end frame's line; `lines` are those that the checksums vouch for. */
export function checkLog(
  transcript: Uint8Array,
  sum: LogSum,
): { readonly check: LogCheck; readonly lines: readonly At<string>[] } {
  const blocks = Math.ceil(sum.lines / sum.block);
  const unfit = unfitSum(sum, blocks);
  if (unfit !== null) return { check: { whole: false, problem: unfit, blocks, bad: [] }, lines: [] };

  const asPrinted = logLines(transcript);
  const first = matchBlocks(asPrinted, sum, blocks);
  if (first.check.whole) return first;
  const apart = takenApart(asPrinted);
  if (apart.length === asPrinted.length || apart.length > CONSOLE_LINES_MAX) return first;
  const second = matchBlocks(apart, sum, blocks);
  return second.check.bad.length < first.check.bad.length ? second : first;
}

function matchBlocks(
  candidates: readonly Candidate[],
  sum: LogSum,
  blocks: number,
): { readonly check: LogCheck; readonly lines: readonly At<string>[] } {
  const rest = sum.lines % sum.block;
  const wanted = new Set(sum.crc.map((crc) => Number.parseInt(crc, 16)));
  const crcOf = crcWindows(candidates.map(({ text }) => `${text}\n`));
  const full = windows(candidates.length, sum.block, crcOf, wanted);
  const short = rest === 0 ? full : windows(candidates.length, rest, crcOf, wanted);
  const bad: BadBlock[] = [];
  const lines: Candidate[] = [];
  let next = 0;
  for (const [index, crc] of sum.crc.entries()) {
    const isShort = rest > 0 && index === sum.crc.length - 1;
    const at = firstFrom((isShort ? short : full).get(Number.parseInt(crc, 16)), next);
    if (at === undefined) {
      const from = index * sum.block + 1;
      const to = Math.min(from + sum.block - 1, sum.lines);
      bad.push({ block: index + 1, from, to, afterLine: candidates[next - 1]?.n ?? 0 });
      continue;
    }
    next = at + (isShort ? rest : sum.block);
    for (let i = at; i < next; i++) lines.push(candidates[i] as Candidate);
  }
  const check = { whole: bad.length === 0, problem: problemOf(bad, blocks), blocks, bad };
  return { check, lines: lines.map(({ n, text }) => ({ value: unescapeText(text), lines: [n] })) };
}

function unfitSum(sum: LogSum, blocks: number): string | null {
  if (sum.lost) return "the kernel's log was overwritten while the probe read it";
  if (sum.lines === 0) return "the probe found nothing in the kernel's log";
  return sum.crc.length === blocks ? null : 'the checksums of the log do not fit their own count';
}

function problemOf(bad: readonly BadBlock[], blocks: number): string | null {
  const [first] = bad;
  if (first === undefined) return null;
  const more = bad.length === 1 ? '' : `; so are ${bad.length - 1} others`;
  return (
    `the console does not show the kernel's log as it was logged: block ${first.block} of ${blocks}, lines ${first.from} ` +
    `to ${first.to} of the log, which should come after line ${first.afterLine} of the console, is damaged${more}`
  );
}

/** Where a checksum is right, in order, and how many of these places have been passed. */
interface Places {
  readonly at: number[];
  passed: number;
}

/** Where `count` lines in a row have one of the wanted checksums. */
function windows(
  lines: number,
  count: number,
  crcOf: (from: number, to: number) => number,
  wanted: ReadonlySet<number>,
): ReadonlyMap<number, Places> {
  const found = new Map<number, Places>();
  for (let at = 0; at + count <= lines; at++) {
    const crc = crcOf(at, at + count);
    if (!wanted.has(crc)) continue;
    const places = found.get(crc);
    if (places === undefined) found.set(crc, { at: [at], passed: 0 });
    else places.at.push(at);
  }
  return found;
}

/** The first place at `least` or after it, which never goes back: each place is passed once. */
function firstFrom(places: Places | undefined, least: number): number | undefined {
  if (places === undefined) return undefined;
  while ((places.at[places.passed] ?? least) < least) places.passed++;
  return places.at[places.passed];
}

const LF = 0x0a;
const CR = 0x0d;
/** The kernel's own lines have at most 2048 bytes (PRINTK_MESSAGE_MAX in kernel/printk/internal.h). */
const LINE_BYTES_MAX = 8192;
/** print_time(), print_caller() in kernel/printk/printk.c; */
const STAMPED = /^(?:<\d{1,3}>)?\[ *(\d+)\.(\d{6})\](?:\[ *[TC]\d+\])? ([\s\S]*)$/;

/** The console's lines that begin with a kernel time, or that cut a frame and so stand behind its first part. */
function logLines(bytes: Uint8Array): Candidate[] {
  const lines: Candidate[] = [];
  let n = 0;
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(LF, start);
    const stop = found < 0 ? bytes.length : found;
    n += 1;
    const from = start;
    let end = stop;
    while (end > from && bytes[end - 1] === CR) end--;
    start = stop + 1;
    if (lines.length >= CONSOLE_LINES_MAX) break;
    if (end - from > LINE_BYTES_MAX) continue;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from).toString('latin1');
    const match = STAMPED.exec(text) ?? STAMPED.exec(cutFrom(text));
    if (match !== null)
      lines.push({ n, text: `[${match[1]?.padStart(5)}.${match[2]}] ${escapeText(match[3] ?? '')}` });
  }
  return lines;
}

/** What stands behind the first part of a frame; a dmesg frame holds times of its own, so those do not count. */
function cutFrom(text: string): string {
  if (!text.startsWith('@tsc ') || /^@tsc \S+ \d+ \S+ dmesg /.test(text)) return '';
  const at = text.search(/(?:<\d{1,3}>)?\[ *\d+\.\d{6}\]/);
  return at < 0 ? '' : text.slice(at);
}

/**
 * A message without a line feed at its end, which no other continues: on the console the next record stands behind it,
 * with its own time, in the same line. cont_flush() in kernel/printk/printk.c, up to 4.9 and by hand in later ones.
 * Ends early if there are more records than lines may be read.
 */
function takenApart(lines: readonly Candidate[]): Candidate[] {
  const records: Candidate[] = [];
  for (const { n, text } of lines) {
    if (records.length > CONSOLE_LINES_MAX) break;
    for (const part of text.split(/(?!^)(?=\[ *\d+\.\d{6}\](?:\[ *[TC]\d+\])? )/))
      records.push({ n, text: part.replace(/^(\[ *\d+\.\d{6}\])\[ *[TC]\d+\]/, '$1') });
  }
  return records;
}

/** As /dev/kmsg: append_char() in msg_add_ext_text(). */
function escapeText(text: string): string {
  return text.replace(/[^\x20-\x7e]|\\/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
