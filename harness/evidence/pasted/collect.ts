/** Bytes of a log, however many, to lines: all of a small one, of a large one those that may say something. Pure. */
import { safeText } from '../../base/neutralise.ts';
import { CLOCK_WORDS } from './prefix.ts';
import type { RawLine } from './structured.ts';

/** Up to this size, in bytes, every line is kept. */
const WHOLE_BYTES = 4 * 1024 * 1024;
/** A line is cut here, in bytes; one that holds a whole log in a string is shorter. */
const LINE_BYTES = 1024 * 1024;
/** Of a large log: lines kept on either side of one that may say something, for messages that were wrapped. */
const NEAR = 3;
/** Lines kept at the most; of more the first and the last halves. */
const MOST = 50_000;

export interface Collected {
  readonly lines: readonly RawLine[];
  /** Lines that were passed over, since no message on clocks can stand on them. */
  readonly omitted: number;
  /** Only white space and zero bytes. */
  readonly isBlank: boolean;
}

interface Collector {
  push(chunk: Uint8Array): void;
  end(): Collected;
}

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const decoder = new TextDecoder('utf-8');

/** UTF-8, or whatever safeText() makes of other bytes; a line with zero bytes, as after a power cut, loses them. */
function textOf(bytes: Uint8Array): string {
  const text = decoder.decode(bytes).replaceAll('\0', '');
  return text.includes('\ufffd') ? safeText(bytes.filter((byte) => byte !== 0)).text : text;
}

export function collectLines(): Collector {
  let rest: Uint8Array = new Uint8Array();
  let n = 0;
  let bytes = 0;
  let isBlank = true;
  let isLarge = false;
  const kept = keepEnds<RawLine>(MOST);
  /** Lines of a large log that were passed over, but for the last few, which a message may go on from. */
  let omitted = 0;

  const take = (part: Uint8Array): void => {
    n += 1;
    const text = textOf(part.at(-1) === CR ? part.subarray(0, -1) : part);
    if (isBlank && text.trim() !== '') isBlank = false;
    // What comes after a carriage return is a text of its own, with the same number.
    const texts = text.includes('\r') ? text.split('\r').filter((piece) => piece !== '') : [text];
    for (const piece of texts) kept.push({ n, text: piece });
  };
  /** Whole lines, all of them. */
  const takeAll = (block: Uint8Array): void => {
    for (let from = 0; from < block.length; ) {
      const at = block.indexOf(LF, from);
      const to = at < 0 ? block.length : at;
      take(block.subarray(from, Math.min(to, from + LINE_BYTES)));
      from = to + 1;
    }
  };
  /** Whole lines: those with a word of the clocks', and those near one. */
  const sift = (block: Uint8Array): void => {
    const text = Buffer.from(block.buffer, block.byteOffset, block.length).toString('latin1');
    const words = new RegExp(CLOCK_WORDS, 'gi');
    let done = 0;
    for (let found = words.exec(text); found !== null; found = words.exec(text)) {
      const from = Math.max(done, lineStart(text, found.index, NEAR));
      const to = lineEnd(text, found.index, NEAR);
      skip(block.subarray(done, from));
      takeAll(block.subarray(from, to));
      done = to;
      words.lastIndex = to;
    }
    // The next block may begin with a message that goes on from here.
    const last = Math.max(done, lineStart(text, text.length - 1, NEAR));
    skip(block.subarray(done, last));
    takeAll(block.subarray(last));
  };
  const skip = (block: Uint8Array): void => {
    let lines = 0;
    for (let i = 0; i < block.length; i++) if (block[i] === LF) lines += 1;
    if (isBlank) isBlank = !block.some((byte) => byte > SPACE);
    n += lines;
    omitted += lines;
  };
  const block = (whole: Uint8Array): void => (isLarge ? sift(whole) : takeAll(whole));

  return {
    push(chunk) {
      bytes += chunk.length;
      const at = chunk.lastIndexOf(LF) + 1;
      // A line of any length: what is past the limit is not kept.
      const room = Math.max(0, LINE_BYTES - rest.length);
      if (at === 0) {
        rest = Buffer.concat([rest, chunk.subarray(0, room)]);
        return;
      }
      const first = chunk.indexOf(LF) + 1;
      if (rest.length > 0) {
        block(Buffer.concat([rest, chunk.subarray(0, Math.min(first - 1, room)), Uint8Array.of(LF)]));
        block(chunk.subarray(first, at));
      } else block(chunk.subarray(0, at));
      rest = chunk.slice(at, at + LINE_BYTES);
      isLarge ||= bytes > WHOLE_BYTES;
    },
    end() {
      takeAll(rest);
      const { items, dropped } = kept.end();
      return { lines: items, omitted: omitted + dropped, isBlank };
    },
  };
}

/** Where the line of an offset begins, or the line so many before it. */
function lineStart(text: string, offset: number, before: number): number {
  let at = offset;
  for (let i = 0; i <= before && at >= 0; i++) at = text.lastIndexOf('\n', at - 1);
  return at + 1;
}

/** Behind the line of an offset, or behind so many lines more. */
function lineEnd(text: string, offset: number, after: number): number {
  let at = offset;
  for (let i = 0; i <= after; i++) {
    at = text.indexOf('\n', at + 1);
    if (at < 0) return text.length;
  }
  return at + 1;
}

/** The first and the last half of a list that may be long. */
function keepEnds<T>(most: number) {
  const half = most / 2;
  const head: T[] = [];
  let tail: T[] = [];
  let dropped = 0;
  return {
    push(item: T): void {
      if (head.length < half) {
        head.push(item);
        return;
      }
      tail.push(item);
      if (tail.length < most) return;
      dropped += tail.length - half;
      tail = tail.slice(-half);
    },
    end: () => ({
      items: [...head, ...tail.slice(-half)],
      dropped: dropped + Math.max(0, tail.length - half),
    }),
  };
}
