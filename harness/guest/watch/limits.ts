/** Limits on a guest's life. Each level has one in wall time and one in guest time. */
import { ACCELERATORS, type Accelerator } from '../../matrix/accelerators.ts';
import type { GuestSpec } from '../../matrix/types.ts';
import { testsMs } from '../launch/shared-arguments.ts';
import type { Launch } from '../types.ts';

export interface Limits {
  /** Wall time for the whole guest. */
  readonly deadlineMs: number;
  /** Wall time without a byte on the console, while the guest's own clock goes on. */
  readonly stallMs: number;
  /** Guest time without a byte on the console: the probe speaks once a second, the kernel more often. */
  readonly guestStallS: number;
  /** Wall time in which neither the guest's clock nor QEMU itself moves; a busy QEMU has until `stallMs`. */
  readonly frozenMs: number;
  /** Console bytes; a healthy boot is 30 to 200 kB. */
  readonly floodBytes: number;
  /** Wall time that QEMU has to end by itself after the guest's last word. */
  readonly graceMs: number;
  /** CPU time of QEMU without a byte on the console; null: no such limit. Three times as much before the first byte. */
  readonly stallCpuMs: number | null;
}

export const DEFAULT_LIMITS: Limits = {
  deadlineMs: 180_000,
  stallMs: 60_000,
  guestStallS: 120,
  frozenMs: 20_000,
  floodBytes: 8 * 1024 * 1024,
  graceMs: 3000,
  stallCpuMs: null,
};

/**
 * A nested guest that spins for ever uses up virtual time at a tenth of the host's, so it is noticed by the CPU time
 * that it takes in silence. Longest silences of healthy ones, in CPU time: 1.2 s, and 8.4 s before the first byte
 * (Debian's 5.10 and 7.3 as they come). Wall time says little of an emulated machine on a busy host, which may get a
 * tenth of a CPU; it is left for one whose time goes on while it does nothing. The appliance reports after the guest's end.
 */
const NESTED_LIMITS = { graceMs: 60_000, stallMs: 150_000, stallCpuMs: 10_000 } as const;

/** What images/probe/refs.c reads of each counter between two lines of its report, at most. */
const PROBE_READS = { pm: 800, hpet: 200 } as const;

/** CPU time that a ns of the appliance's time may take, ns: a slow host emulates 50 million instructions a second. */
const CPU_PER_GUEST_TIME = 20;

/** Guest time that the delays of the probe's own reads add to its silence, ms. */
function delayedMs({ refDelay: { pmNs, hpetNs, disturbance } }: GuestSpec): number {
  const reads = PROBE_READS.pm + PROBE_READS.hpet;
  const share =
    disturbance === null ? 0 : disturbance.kind === 'every' ? 1 / disturbance.every : disturbance.probability;
  const longerNs = disturbance === null ? 0 : Math.ceil(reads * share) * disturbance.ns;
  return (PROBE_READS.pm * pmNs + PROBE_READS.hpet * hpetNs + longerNs) / 1e6;
}

/**
 * If instructions are counted a guest's time is the CPU time that the host gives it, and in a sleep it is free: what a
 * silence amounts to is told by them alone, and not by how busy the host is.
 */
const COUNTED_LIMITS = { stallMs: Number.POSITIVE_INFINITY, stallCpuMs: 30_000 } as const;

/** Escaped, and framed, a byte of a test is at most so many on the console. */
const CONSOLE_BYTES_PER_BYTE = 5;
/** Of the appliance's and of the guest's counted instructions: wall time for guest time that a busy test takes. */
const WALL_PER_COUNTED_TIME = { tcg: 15, kvm: 1, nested: 60 } as const;

/** The same limits where the guest runs tests after all else: their time and their output come on top. */
export function withTests(
  limits: Limits,
  { tests, guest, accelerator }: Pick<Launch, 'tests' | 'guest' | 'accelerator'>,
): Limits {
  if (tests === undefined) return limits;
  const slower = guest.clock === 'deterministic' ? WALL_PER_COUNTED_TIME[accelerator] : 2;
  return {
    ...limits,
    deadlineMs: limits.deadlineMs + slower * testsMs(tests),
    floodBytes: limits.floodBytes + CONSOLE_BYTES_PER_BYTE * tests.list.length * tests.outputBytes,
  };
}

export function limitsFor(guest: GuestSpec, accelerator: Accelerator): Limits {
  if (!ACCELERATORS[accelerator].needsAppliance)
    return guest.clock === 'deterministic' ? { ...DEFAULT_LIMITS, ...COUNTED_LIMITS } : DEFAULT_LIMITS;
  const stallCpuMs = NESTED_LIMITS.stallCpuMs + Math.round(CPU_PER_GUEST_TIME * delayedMs(guest));
  return { ...DEFAULT_LIMITS, ...NESTED_LIMITS, stallCpuMs };
}
