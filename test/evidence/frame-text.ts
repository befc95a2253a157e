/** Writes frames as docs/probe-protocol.md says, independently of the reader. */
import { crc32 } from 'node:zlib';

export const NONCE = '0123abcd';

export function frame(seq: number, kind: string, payload: string, nonce = NONCE): string {
  const crc = crc32(Buffer.from(`${nonce} ${seq} ${kind} ${payload}`))
    .toString(16)
    .padStart(8, '0');
  return `@tsc ${nonce} ${seq} ${crc} ${kind} ${payload}`;
}

/** A whole report: the frames given, between `begin` and `end`. */
export function report(
  frames: readonly (readonly [kind: string, payload: string])[],
  state = 'registered',
  nonce = NONCE,
): string[] {
  const all = [['begin', 'protocol=1 uptime_ns=1200000000 tsc=42'] as const, ...frames];
  const lines = all.map(([kind, payload], seq) => frame(seq, kind, payload, nonce));
  return [...lines, frame(all.length, 'end', `frames=${all.length + 1} state=${state}`, nonce)];
}

export function bytes(lines: readonly string[], end = '\n'): Buffer<ArrayBuffer> {
  return Buffer.from(lines.map((line) => line + end).join(''), 'latin1');
}
