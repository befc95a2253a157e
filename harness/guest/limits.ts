/** Limits on a guest's life. Each level has one in wall time and one in guest time. */

export interface Limits {
  /** Wall time for the whole guest. */
  readonly deadlineMs: number;
  /** Wall time without a byte on the console, while the guest's own clock goes on. */
  readonly stallMs: number;
  /** Guest time without a byte on the console: the probe speaks once a second, the kernel oftener. */
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
 * that it takes in silence: a healthy one is never silent for 5 s of it. The appliance reports after the guest's end.
 */
export const NESTED_LIMITS: Partial<Limits> = { graceMs: 20_000, stallCpuMs: 20_000 };
