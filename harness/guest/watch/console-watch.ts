/** Follows a console as it grows: which phase the guest is in, how far its clock is, and what ends it. Pure. */

import { type FileHandle, open } from 'node:fs/promises';
import { namesKey, readHeader } from '../../evidence/frames.ts';
import type { Launch } from '../types.ts';

export type Phase = 'starting' | 'kernel' | 'probe' | 'settled';

export interface ConsoleState {
  readonly bytes: number;
  readonly phase: Phase;
  /** Guest time of the last line that told one, seconds. */
  readonly guestS: number | null;
  readonly ended: boolean;
  readonly panicked: boolean;
}

export const NOTHING_YET: ConsoleState = {
  bytes: 0,
  phase: 'starting',
  guestS: null,
  ended: false,
  panicked: false,
};

const KERNEL_TIME = /^(?:<\d+>)?\[ *(\d+\.\d{3,6})\]/gm;
const FRAMES = /^@tsc .*/gm;
const FRAME_TIME = /\bt_ns=(\d+)/;

function lastKernelTime(text: string): number | null {
  let last: number | null = null;
  for (const match of text.matchAll(KERNEL_TIME)) last = Number(match[1]);
  return last;
}

function phaseOf(kind: string, before: Phase): Phase {
  if (kind === 'settled' || kind === 'end' || before === 'settled') return 'settled';
  return 'probe';
}

/**
 * Takes whole lines that were added to the console. A frame counts only with our nonce; whether its checksum is
 * right is judged later, since a false end only ends the guest, it proves nothing.
 */
export function watchLines(
  before: ConsoleState,
  lines: string,
  bytes: number,
  { nonce, tests }: Pick<Launch, 'nonce' | 'tests'>,
): ConsoleState {
  let { phase, ended } = before;
  let guestS = lastKernelTime(lines) ?? before.guestS;
  if (phase === 'starting' && lines.trim() !== '') phase = 'kernel';
  for (const [line] of lines.matchAll(FRAMES)) {
    const header = readHeader(line);
    if (header?.nonce !== nonce) continue;
    phase = phaseOf(header.kind, phase);
    if (header.kind === 'end' && namesKey(header.payload, tests?.key)) ended = true;
    const ns = FRAME_TIME.exec(header.payload)?.[1];
    if (ns !== undefined) guestS = Number(ns) / 1e9;
  }
  const panicked = before.panicked || /Kernel panic - not syncing/.test(lines);
  return { bytes: before.bytes + bytes, phase, guestS, ended, panicked };
}

/** Reads what QEMU has added to the console file since the last look. */
const CHUNK_BYTES = 256 * 1024;

interface Growth {
  /** Whole lines; a line that is not finished yet waits for the next look. */
  readonly lines: string;
  readonly bytes: number;
}

export interface ConsoleFile {
  readMore(): Promise<Growth>;
  /** Keeps only the first bytes: after a flood. */
  cut(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * QEMU writes to a file and not to a pipe: a pipe that we empty too slowly would make the serial port report
 * itself busy, and so change what the guest does (serial_xmit() in QEMU's hw/char/serial.c).
 */
export async function openConsoleFile(path: string): Promise<ConsoleFile> {
  const file: FileHandle = await open(path, 'r+');
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let position = 0;
  let partial = '';
  return {
    readMore: async () => {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, position);
      position += bytesRead;
      const text = partial + buffer.toString('latin1', 0, bytesRead);
      const end = text.lastIndexOf('\n') + 1;
      // A guest that never ends its line must not fill our memory.
      partial = text.length - end > CHUNK_BYTES ? '' : text.slice(end);
      return { lines: text.slice(0, end), bytes: bytesRead };
    },
    cut: (bytes) => file.truncate(bytes),
    close: () => file.close(),
  };
}
