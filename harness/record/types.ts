/** The record of a run: an append-only log of these events, one JSON object a line. */
import type { Ending } from '../guest/ending.ts';
import type { Verdict } from '../matrix/types.ts';
import type { Cell } from '../plan/types.ts';
import type { Observation, Outcome } from '../verdict/types.ts';

/** Raised when a reader of the previous version could misread a log. */
export const RECORD_VERSION = 1;

export interface RunStarted {
  readonly type: 'run-started';
  readonly version: number;
  readonly run: string;
  readonly at: string;
  readonly matrix: { readonly name: string; readonly path: string; readonly sha256: string };
  readonly options: {
    readonly jobs: number;
    readonly repeat: number;
    readonly timeoutS: number;
    readonly filters: readonly string[];
  };
}
/** One event for each cell of the plan, before anything boots, so that a lost cell is seen as lost. */
export interface CellPlanned {
  readonly type: 'cell-planned';
  readonly cell: Cell;
}
export interface KernelReady {
  readonly type: 'kernel-ready';
  readonly kernel: string;
  readonly path: string;
  readonly sha256: string;
  /** The release that the image itself names, for example "6.1.0-56-cloud-amd64 (...) #1 SMP ...". */
  readonly release: string;
  /** Where it came from, for people: a package with its version, a path, a URL. */
  readonly origin: string;
  readonly cached: boolean;
}
export interface KernelFailed {
  readonly type: 'kernel-failed';
  readonly kernel: string;
  readonly message: string;
  readonly hint?: string;
}
export interface CellStarted {
  readonly type: 'cell-started';
  readonly cell: string;
  /** From 1: the how-manieth boot of this cell in this run. */
  readonly boot: number;
  readonly at: string;
  readonly argv: readonly string[];
}
export interface CellFinished {
  readonly type: 'cell-finished';
  readonly cell: string;
  readonly boot: number;
  readonly at: string;
  readonly wallMs: number;
  /** CPU time of QEMU, user and system. */
  readonly cpuMs: number;
  readonly ending: Ending;
  readonly observation: Observation;
  /** sha256 of the transcript (docs/probe-protocol.md); absent where the end frame never came. */
  readonly transcriptSha256?: string;
  /** Folder of this boot within the run's folder: console.log, evidence.json, command.sh, boot.json. */
  readonly folder: string;
}
export interface CellJudged {
  readonly type: 'cell-judged';
  readonly cell: string;
  readonly outcome: Outcome;
  /** One sentence that says why, for a table's footnote and a JUnit failure. */
  readonly reason: string;
  readonly verdicts: readonly Verdict[];
}
/** What of the provenance people need beside a result; the whole is in provenance.json. Null where not to be had. */
export interface HostNoted {
  readonly type: 'host-noted';
  readonly tscmatrix: string;
  readonly node: string;
  readonly qemuVersion: string | null;
  readonly qemuSha256: string | null;
  readonly cpu: string | null;
  readonly kernel: string | null;
  /** "none" on bare metal. */
  readonly hypervisor: string | null;
  readonly clocksource: string | null;
}
export interface RunFinished {
  readonly type: 'run-finished';
  readonly at: string;
  readonly interrupted: boolean;
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly exitCode: number;
}
export type RunEvent =
  | RunStarted
  | CellPlanned
  | KernelReady
  | KernelFailed
  | CellStarted
  | CellFinished
  | CellJudged
  | HostNoted
  | RunFinished;

/** An event as it stands in the log: numbered from 0 without a gap, and with the time it was written (ISO 8601, UTC). */
export type Recorded<E extends RunEvent = RunEvent> = E & { readonly seq: number; readonly at: string };
