/** An audit: which upstream commits a kernel shows by what it does. */
import type { Exhibit } from '../matrix/exhibit.ts';

export const STATES = ['present', 'absent', 'partly', 'not-applicable', 'cannot-tell'] as const;
export type FixState = (typeof STATES)[number];

/** A line of a console that decides. */
export interface DecisiveLine {
  /** 1-based, of the console; null of one that is cited from the kernel's log. */
  readonly line: number | null;
  readonly text: string;
  /** False: that it is not there decides. */
  readonly isThere: boolean;
}

/** What a kernel showed in one guest, and which side that is. */
export interface GuestFinding {
  readonly guest: string;
  readonly cell: string;
  readonly isDecisive: boolean;
  /** Which expectations it meets; `unknown` if there is no answer. */
  readonly fits: 'after' | 'before' | 'both' | 'neither' | 'unknown';
  /** What it is, in short: verdict, current clocksource, error. */
  readonly shows: string;
  /** Why it does not meet a side; absent if it meets it. */
  readonly notAfter?: string;
  readonly notBefore?: string;
  readonly lines: readonly DecisiveLine[];
  /** The host, and not the kernel, is why there is no answer. */
  readonly isHostFault: boolean;
}

/** One commit and one kernel. */
export interface FixFinding {
  readonly state: FixState;
  /** One sentence. */
  readonly why: string;
  readonly guests: readonly GuestFinding[];
  readonly isHostFault: boolean;
}

export interface AuditedKernel {
  readonly name: string;
  /** What the kernel calls itself; null if there is none to boot. */
  readonly release: string | null;
  /** Why there is none. */
  readonly fault: string | null;
}

export interface AuditedFix {
  readonly name: string;
  readonly exhibit: Exhibit;
  /** By the name of the kernel. */
  readonly kernels: Readonly<Record<string, FixFinding>>;
}

export const AUDIT_VERSION = 1;

export interface Audit {
  readonly version: typeof AUDIT_VERSION;
  /** The run with the consoles. */
  readonly run: string;
  readonly kernels: readonly AuditedKernel[];
  readonly fixes: readonly AuditedFix[];
  /** What --require named that is not shown to be there: "COMMIT in KERNEL: state". */
  readonly lacks: readonly string[];
}
