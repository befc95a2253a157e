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
}

export const DEFAULT_LIMITS: Limits = {
  deadlineMs: 180_000,
  stallMs: 60_000,
  guestStallS: 120,
  frozenMs: 20_000,
  floodBytes: 8 * 1024 * 1024,
};
