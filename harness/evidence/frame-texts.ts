/** Texts that go on over several frames of one kind, put together, and their escapes undone. */
import { safeText } from '../base/neutralise.ts';
import type { Frame } from './frames.ts';

/** A value with the console lines it came from. */
export interface At<T> {
  readonly value: T;
  readonly lines: readonly number[];
}

export interface FrameText {
  readonly kind: string;
  /** As sent, still escaped. */
  readonly payload: string;
  readonly lines: readonly number[];
}

/** No text of the probe's or the appliance's comes near; what goes on is left out, so the text is a damaged one. */
const TEXT_MAX_CHARS = 256 * 1024;

/** `ignored` frames may stand between the parts of a text. */
export function joinContinued(frames: readonly Frame[], ignored: string): FrameText[] {
  const texts: FrameText[] = [];
  let open: { kind: string; pieces: string[]; chars: number; lines: number[] } | null = null;
  const close = (): void => {
    if (open !== null) texts.push({ kind: open.kind, payload: open.pieces.join(''), lines: open.lines });
    open = null;
  };
  for (const frame of frames) {
    if (frame.kind === ignored) continue;
    const more = frame.payload.endsWith('\\+');
    const payload = more ? frame.payload.slice(0, -2) : frame.payload;
    if (open !== null && open.kind !== frame.kind) close();
    open ??= { kind: frame.kind, pieces: [], chars: 0, lines: [] };
    if (open.chars < TEXT_MAX_CHARS) {
      open.pieces.push(payload);
      open.lines.push(...frame.lines);
      open.chars += payload.length + 1;
    }
    if (!more) close();
  }
  close();
  return texts;
}

const BACKSLASH = 0x5c;
const X = 0x78;

/** The value of a hexadecimal digit; -1 if it is none. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Bytes written as \xHH come back as bytes. Byte by byte without a text for each: a console may hold millions of them. */
export function unescapeBytes(payload: string): Uint8Array {
  const bytes = new Uint8Array(payload.length);
  let length = 0;
  for (let i = 0; i < payload.length; i++) {
    const code = payload.charCodeAt(i);
    bytes[length] = code & 0xff;
    if (code === BACKSLASH && payload.charCodeAt(i + 1) === X) {
      const high = hexDigit(payload.charCodeAt(i + 2));
      const low = hexDigit(payload.charCodeAt(i + 3));
      if (high >= 0 && low >= 0) {
        bytes[length] = high * 16 + low;
        i += 3;
      }
    }
    length++;
  }
  return bytes.subarray(0, length);
}

/** Text that is safe to show: what is a control character stays escaped. */
export function unescapeText(payload: string): string {
  return payload.includes('\\x') ? safeText(unescapeBytes(payload)).text : payload;
}
