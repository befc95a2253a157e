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

/** Bytes written as \xHH come back as bytes. */
export function unescapeBytes(payload: string): Uint8Array {
  const bytes = new Uint8Array(payload.length);
  let length = 0;
  for (let i = 0; i < payload.length; i++) {
    const escaped = payload[i] === '\\' && payload[i + 1] === 'x' ? payload.slice(i + 2, i + 4) : '';
    const isByte = /^[0-9a-f]{2}$/i.test(escaped);
    bytes[length++] = isByte ? Number.parseInt(escaped, 16) : payload.charCodeAt(i) & 0xff;
    if (isByte) i += 3;
  }
  return bytes.subarray(0, length);
}

/** Text that is safe to show: what is a control character stays escaped. */
export function unescapeText(payload: string): string {
  return payload.includes('\\x') ? safeText(unescapeBytes(payload)).text : payload;
}
