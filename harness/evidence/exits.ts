/** What kvm-exits.so counted of one guest: struct exits of images/exits/exits.h, as a file or as hex digits. */

export interface PerCounter<T> {
  readonly pm: T;
  readonly hpet: T;
}

/** A turn of the probe's work: 0 it begins, 1 it has settled and reads no counter yet, 2 it has measured. */
interface ExitMark {
  /** Since the guest's first entry. */
  readonly tNs: number;
  readonly reads: PerCounter<number>;
}

export interface ExitCounts {
  /** Returns from KVM_RUN to QEMU; those for a port; those for a memory access. */
  readonly runs: number;
  readonly io: number;
  readonly mmio: number;
  /** Reads of the ACPI PM timer and of the HPET's counter, the firmware's and the probe's too. */
  readonly reads: PerCounter<number>;
  /** Time that was added to them. */
  readonly addedNs: PerCounter<number>;
  /** Reads that got the disturbance as well. */
  readonly disturbed: PerCounter<number>;
  /** By their number; null if the probe did not come so far, or may not write to the port. */
  readonly marks: readonly (ExitMark | null)[];
  /** Reads in each second since the guest's first entry, up to the last second with a read; at most 64 seconds. */
  readonly perSecond: PerCounter<readonly number[]>;
}

export type DecodedExits =
  | { readonly kind: 'counted'; readonly counts: ExitCounts }
  | { readonly kind: 'unreadable'; readonly why: string };

const MAGIC = 0x58435354;
const VERSION = 1;
const SECONDS = 64;
const MARKS = 4;
const COUNTERS = 2;
const HEAD_BYTES = 8;
const SIZE = HEAD_BYTES + 8 * (3 + 3 * COUNTERS + MARKS * (1 + COUNTERS)) + 4 * COUNTERS * SECONDS;

/** The file that the library keeps, whole. Never throws. */
export function decodeExits(bytes: Uint8Array): DecodedExits {
  const unreadable = (why: string): DecodedExits => ({ kind: 'unreadable', why });
  if (bytes.length < HEAD_BYTES) return unreadable(`${bytes.length} bytes are no exit counts`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0, true);
  const version = view.getUint32(4, true);
  if (magic !== MAGIC) return unreadable(`no exit counts: they begin with 0x${magic.toString(16)}`);
  if (version !== VERSION)
    return unreadable(`exit counts of version ${version}; this program knows ${VERSION}`);
  if (bytes.length !== SIZE) return unreadable(`exit counts of ${bytes.length} bytes in place of ${SIZE}`);

  let at = HEAD_BYTES;
  const u64 = (): number => {
    const value = view.getBigUint64(at, true);
    at += 8;
    return Number(value);
  };
  const pair = (): PerCounter<number> => ({ pm: u64(), hpet: u64() });
  const seconds = (): number[] =>
    Array.from({ length: SECONDS }, () => {
      const value = view.getUint32(at, true);
      at += 4;
      return value;
    });
  const mark = (): ExitMark | null => {
    const tNs = u64();
    const reads = pair();
    return tNs === 0 ? null : { tNs, reads };
  };

  const [runs, io, mmio] = [u64(), u64(), u64()];
  const [reads, addedNs, disturbed] = [pair(), pair(), pair()];
  const marks = Array.from({ length: MARKS }, mark);
  const [pm, hpet] = [seconds(), seconds()];
  const last = Math.max(...[pm, hpet].map((each) => each.findLastIndex((count) => count > 0)));
  const perSecond = { pm: pm.slice(0, last + 1), hpet: hpet.slice(0, last + 1) };
  return {
    kind: 'counted',
    counts: { runs, io, mmio, reads, addedNs, disturbed, marks, perSecond },
  };
}

/** The same as hex digits, as the appliance sends it. */
export function decodeExitsHex(hex: string): DecodedExits {
  if (!/^(?:[0-9a-f]{2})*$/i.test(hex))
    return { kind: 'unreadable', why: 'exit counts that are not hex digits' };
  return decodeExits(Buffer.from(hex, 'hex'));
}

/** The reads that were made before the probe's own; null if nothing tells them apart. */
export function kernelReads(exits: ExitCounts): PerCounter<number> | null {
  return exits.marks[1]?.reads ?? null;
}
