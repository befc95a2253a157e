/** Follows a console as it grows: which phase the guest is in, how far its clock is, and what ends it. Pure. */
import { readHeader } from '../../evidence/frames.ts';

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
export function watchLines(before: ConsoleState, lines: string, bytes: number, nonce: string): ConsoleState {
  let { phase, ended } = before;
  let guestS = lastKernelTime(lines) ?? before.guestS;
  if (phase === 'starting' && lines.trim() !== '') phase = 'kernel';
  for (const [line] of lines.matchAll(FRAMES)) {
    const header = readHeader(line);
    if (header?.nonce !== nonce) continue;
    phase = phaseOf(header.kind, phase);
    if (header.kind === 'end') ended = true;
    const ns = FRAME_TIME.exec(header.payload)?.[1];
    if (ns !== undefined) guestS = Number(ns) / 1e9;
  }
  const panicked = before.panicked || /Kernel panic - not syncing/.test(lines);
  return { bytes: before.bytes + bytes, phase, guestS, ended, panicked };
}
