/** What the history answers. All of it comes from the records of runs; the database only finds it fast. */

import type { Rate } from '../base/rate.ts';
import type { Outcome } from '../verdict/types.ts';

export interface Night {
  readonly run: string;
  /** When the run started, ISO 8601, UTC. */
  readonly at: string;
  readonly outcome: Outcome;
  /** The run ended before the cell was judged; its outcome is then infra-error. */
  readonly lost: boolean;
  /** One for each boot, in order; empty if none ended. */
  readonly verdicts: readonly string[];
  /** Current clocksources that its boots showed. Guests wrote these: not safe to show as they are. */
  readonly current: readonly string[];
  readonly kernelRelease: string | null;
  readonly kernelSha256: string | null;
  /** QEMU's version; null if not known, and if the parts of a merged run differ. */
  readonly qemu: string | null;
  readonly hostCpu: string | null;
  readonly boots: number;
  /** Of its boots together, in ms. */
  readonly wallMs: number;
  /** Of its boots, the dearest reading of the clock, ns, and the rate of it that is furthest off the true time, ppm; absent where nobody measured. */
  readonly clockNs?: number;
  readonly clockPpm?: number;
}

/** The first night on which a cell was what it is since. */
export interface CellChange {
  readonly run: string;
  readonly at: string;
  /** Outcome and verdicts of the night before it, and since: "expected refined". */
  readonly before: string;
  readonly after: string;
  /** What else changed on that very night; then the change is not to be blamed on the guest kernel's own doing. */
  readonly inputs: readonly ('kernel' | 'qemu' | 'host')[];
}

/** A cell of a matrix over its last nights. */
export interface CellHistory {
  readonly matrix: string;
  readonly cell: string;
  readonly kernel: string;
  /** Newest first. */
  readonly nights: readonly Night[];
  /** Nights with a flake, of those on which guests were judged, within `nights`; see docs/history.md. */
  readonly flaky: Rate;
  /** Null if nothing changed within `nights`. */
  readonly changed: CellChange | null;
}

export interface HistoryQuery {
  /** Globs over ids of cells; all cells if there is none. */
  readonly cells?: readonly string[];
  /** Glob over names of kernels. */
  readonly kernel?: string;
  readonly matrix?: string;
  /** At most this many nights of each cell. */
  readonly last: number;
  /** Only runs that started up to this time, ISO 8601, UTC: the history as it was then. */
  readonly until?: string;
}

/** How long a cell is expected to take. */
export interface ExpectedDuration {
  /** Of one boot, wall time. */
  readonly ms: number;
  /** What it is the median of: the cell's own boots, else those of its kernel, else those of its kind of guest, else all. */
  readonly from: 'cell' | 'kernel' | 'topology' | 'all';
}

export interface DurationOf {
  readonly id: string;
  readonly kernel: string;
  readonly topology: string;
  readonly clock: string;
}
