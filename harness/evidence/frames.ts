/** Finds, checks and orders the probe's frames on a console (docs/probe-protocol.md). No other file knows their form. */
import { crc32 } from 'node:zlib';
import type { ConsoleLine } from './console.ts';
import type { NumberedText } from './log-lines.ts';

export interface Frame {
  readonly seq: number;
  readonly kind: string;
  /** As sent: still escaped, and with the continuation mark. */
  readonly payload: string;
  /** Console line numbers that the frame came from; two if it was put together again. */
  readonly lines: readonly number[];
}

export interface FrameCounts {
  readonly good: number;
  /** A frame of ours whose checksum is wrong and which could not be put together again. */
  readonly damaged: number;
  /** Cut by a kernel message and put together again. */
  readonly recovered: number;
  /** Further good copies of a frame that had come already. */
  readonly repeated: number;
  /** Frames with another nonce. */
  readonly foreign: number;
  /** Sequence numbers below the highest seen (or announced by `end`) that never came. */
  readonly missing: number;
  /** Good frames that contradict an earlier good frame of the same number. */
  readonly conflicts: number;
}

export interface Frames {
  /** In order of SEQ, each once. */
  readonly frames: readonly Frame[];
  readonly counts: FrameCounts;
  /** Offset of the byte after the line of the end frame; null if it never came. */
  readonly transcriptEnd: number | null;
}

const FRAME = /^@tsc ([0-9a-f]{8}) (\d{1,9}) ([0-9a-f]{8}) ([a-z][a-z0-9]{0,31})(?: (.*))?$/;
const KERNEL_LINE = /^(?:<\d{1,3}>)?\[ *\d+\.\d{6}\]/;
/** So many whole kernel lines may stand between the two halves of a cut frame. */
const MAX_INSERTED_LINES = 8;
const MAX_CUTS_TRIED = 16;
/** So many frames that no guess puts together: a console of which that many are beyond repair is beyond repair. */
const MAX_FAILED_REPAIRS = 1000;

/** A line that has the form of a frame; what it says is not checked. */
export interface Header {
  readonly nonce: string;
  readonly seq: string;
  readonly crc: string;
  readonly kind: string;
  readonly payload: string;
}

export function readHeader(text: string): Header | null {
  const match = FRAME.exec(text);
  if (match === null) return null;
  const [, nonce = '', seq = '', crc = '', kind = '', payload = ''] = match;
  return { nonce, seq, crc, kind, payload };
}

/**
 * The kernel's lines on a console; if one cut a frame, the kernel's part alone. Frames whose kind begins with `quoting`
 * pass on other texts, in which what looks like a kernel's line is none.
 */
export function kernelLines(lines: readonly ConsoleLine[], quoting: string): NumberedText[] {
  const quotes = new RegExp(`^@tsc \\S+ \\d+ \\S+ ${quoting}`);
  return lines.flatMap(({ n, text }) => {
    if (!text.startsWith('@tsc ')) return [{ n, text }];
    const kernel = /\[ *\d+\.\d{6}\] .*$/.exec(text);
    return kernel === null || quotes.test(text) ? [] : [{ n, text: kernel[0] }];
  });
}

/** Whether an end is the probe's own, where tests ran in its guest, which may know all else that makes a frame. */
export function namesKey(payload: string, key: string | undefined): boolean {
  return key === undefined || payload.endsWith(` key=${key}`);
}

/** Reads every frame of `nonce` up to and including the end frame, which is of the kind `lastKind` and names `key`. */
export function collectFrames(
  lines: readonly ConsoleLine[],
  nonce: string,
  lastKind = 'end',
  key?: string,
): Frames {
  const bySeq = new Map<number, Frame>();
  const count = { good: 0, damaged: 0, recovered: 0, repeated: 0, foreign: 0, conflicts: 0 };
  let transcriptEnd: number | null = null;
  let announced = 0;

  for (let i = 0; i < lines.length && transcriptEnd === null; i++) {
    const line = lines[i];
    if (line === undefined || !line.text.startsWith('@tsc ')) continue;
    if (!mayBeOurs(line.text, nonce)) {
      count.foreign += 1;
      continue;
    }
    const whole = line.altered ? null : parse(line.text, nonce, [line.n]);
    const frame = whole ?? (count.damaged < MAX_FAILED_REPAIRS ? rejoin(lines, i, nonce) : null);
    if (frame === null) {
      count.damaged += 1;
      continue;
    }
    if (whole === null) count.recovered += 1;
    const earlier = bySeq.get(frame.seq);
    if (earlier === undefined) {
      bySeq.set(frame.seq, frame);
      count.good += 1;
    } else if (earlier.kind === frame.kind && earlier.payload === frame.payload) {
      count.repeated += 1;
    } else {
      count.conflicts += 1;
    }
    if (frame.kind === lastKind && namesKey(frame.payload, key)) {
      const lastLine = frame.lines.at(-1);
      transcriptEnd = lines.find((l) => l.n === lastLine)?.end ?? line.end;
      announced = Number(/\bframes=(\d{1,9})\b/.exec(frame.payload)?.[1] ?? 0);
    }
  }
  const frames = [...bySeq.values()].sort((a, b) => a.seq - b.seq);
  const expected = Math.max(announced, (frames.at(-1)?.seq ?? -1) + 1);
  return { frames, counts: { ...count, missing: expected - frames.length }, transcriptEnd };
}

/** The checksum of docs/probe-protocol.md: CRC-32 of `NONCE SEQ KIND PAYLOAD`. */
export function frameChecksum(nonce: string, seq: number, kind: string, payload: string): string {
  return crc32(`${nonce} ${seq} ${kind} ${payload}`).toString(16).padStart(8, '0');
}

/** Begins as our frames do; a kernel message may have cut it within the nonce. */
function mayBeOurs(text: string, nonce: string): boolean {
  const ours = `@tsc ${nonce} `;
  if (text.startsWith(ours)) return true;
  const cut = text.indexOf('[');
  return (
    cut >= 0 && cut < ours.length && ours.startsWith(text.slice(0, cut)) && KERNEL_LINE.test(text.slice(cut))
  );
}

function parse(text: string, nonce: string, lines: readonly number[]): Frame | null {
  const header = readHeader(text);
  if (header === null || header.nonce !== nonce) return null;
  const { kind, payload, crc } = header;
  const seq = Number(header.seq);
  if (String(seq) !== header.seq || frameChecksum(nonce, seq, kind, payload) !== crc) return null;
  return { seq, kind, payload, lines };
}

/**
 * A kernel message is written as a whole line, so it cuts a frame into a head on its own line and a tail at
 * the start of a later one, with only kernel lines between them. The checksum says whether a guess was right.
 */
function rejoin(lines: readonly ConsoleLine[], i: number, nonce: string): Frame | null {
  const line = lines[i];
  if (line === undefined || line.altered) return null;
  let cuts = 0;
  for (
    let at = line.text.indexOf('[');
    at >= 0 && cuts < MAX_CUTS_TRIED;
    at = line.text.indexOf('[', at + 1)
  ) {
    if (!KERNEL_LINE.test(line.text.slice(at, at + 40))) continue;
    cuts += 1;
    const head = line.text.slice(0, at);
    for (let j = i + 1; j <= i + 1 + MAX_INSERTED_LINES; j++) {
      const next = lines[j];
      if (next === undefined) break;
      const frame = next.altered ? null : parse(head + next.text, nonce, [line.n, next.n]);
      if (frame !== null) return frame;
      if (!KERNEL_LINE.test(next.text)) break;
    }
  }
  return null;
}
