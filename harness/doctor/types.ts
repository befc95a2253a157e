/** What the doctor finds out, as rows. */

export type Status = 'ok' | 'missing' | 'unusable' | 'unknown';

/** Whom it matters to: a row that is not `always` and not ok takes something away, not everything. */
export type Needed =
  | 'always'
  | 'for q35 machines'
  | 'for clock: real'
  | 'for kvm'
  | 'for nested'
  | 'for nested on kvm'
  | 'for Xen guests of host KVM'
  | 'for kernels of Debian'
  | 'for kernels in rpm files'
  | 'for building kernels'
  | 'for some kernel configurations';

export const TOPICS = [
  'host',
  'tools',
  'QEMU',
  'guests',
  'KVM',
  'TSC of this host',
  'kernel builds',
  'pinned QEMU',
] as const;
export type Topic = (typeof TOPICS)[number];

export interface CheckResult {
  readonly status: Status;
  /** One sentence: what was tried or read, and what came of it. */
  readonly found: string;
  /** What to type or do about it. */
  readonly remedy: string | null;
  /** Debian packages that would bring what is missing. */
  readonly packages?: readonly string[];
}

export interface Row extends Required<CheckResult> {
  readonly topic: Topic;
  readonly name: string;
  readonly needed: Needed;
}

/** The result of `tscmatrix doctor`. */
export interface Examination {
  /** Everything that is needed always is ok. */
  readonly ok: boolean;
  readonly rows: readonly Row[];
  /** One command for all Debian packages that are missing; null if none is. */
  readonly install: string | null;
}

export function ok(found: string): CheckResult {
  return { status: 'ok', found, remedy: null };
}
export function missing(found: string, remedy: string | null, packages: readonly string[] = []): CheckResult {
  return { status: 'missing', found, remedy, packages };
}
export function unusable(
  found: string,
  remedy: string | null,
  packages: readonly string[] = [],
): CheckResult {
  return { status: 'unusable', found, remedy, packages };
}
export function unknown(found: string, remedy: string | null = null): CheckResult {
  return { status: 'unknown', found, remedy };
}
