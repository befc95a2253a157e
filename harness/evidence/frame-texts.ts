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

/** `ignored` frames may stand between the parts of a text. */
export function joinContinued(frames: readonly Frame[], ignored: string): FrameText[] {
  const texts: FrameText[] = [];
  let open: { kind: string; payload: string; lines: number[] } | null = null;
  const close = (): void => {
    if (open !== null) texts.push(open);
    open = null;
  };
  for (const frame of frames) {
    if (frame.kind === ignored) continue;
    const more = frame.payload.endsWith('\\+');
    const payload = more ? frame.payload.slice(0, -2) : frame.payload;
    if (open !== null && open.kind === frame.kind) {
      open = { kind: open.kind, payload: open.payload + payload, lines: [...open.lines, ...frame.lines] };
    } else {
      close();
      open = { kind: frame.kind, payload, lines: [...frame.lines] };
    }
    if (!more) close();
  }
  close();
  return texts;
}

/** Bytes written as \xHH come back as bytes. */
export function unescapeBytes(payload: string): Uint8Array {
  const bytes: number[] = [];
  for (let i = 0; i < payload.length; i++) {
    const match = /^\\x([0-9a-f]{2})/i.exec(payload.slice(i, i + 4));
    bytes.push(match === null ? payload.charCodeAt(i) & 0xff : Number.parseInt(match[1] ?? '', 16));
    if (match !== null) i += 3;
  }
  return Uint8Array.from(bytes);
}

/** Text that is safe to show: what is a control character stays escaped. */
export function unescapeText(payload: string): string {
  return payload.includes('\\x') ? safeText(unescapeBytes(payload)).text : payload;
}
