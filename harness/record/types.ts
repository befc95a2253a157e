/** The record of a run: an append-only log of these events, one JSON object a line. */
import type { Ending } from '../guest/ending/ending.ts';
import type { Accelerator, Emulator } from '../matrix/accelerators.ts';
import type { Verdict } from '../matrix/types.ts';
import type { ShardPart } from '../plan/shard.ts';
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
    /** QEMU's program as it was asked for; absent in the first records. */
    readonly qemu?: string;
  };
  /** Where the run is one part of a plan. */
  readonly shard?: ShardPart;
  /** What the user calls this host. */
  readonly label?: string;
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
  /** What the topology came to and why; absent in the first records. */
  readonly accelerator?: Accelerator;
  readonly acceleratorReason?: string;
  /** Which QEMU runs the machine itself. */
  readonly emulator?: Emulator;
  /** Of a nested guest: its own QEMU's command line in the appliance, and what the appliance is. */
  readonly nested?: {
    readonly argv: readonly string[];
    readonly kernelRelease: string;
    readonly qemuVersion: string;
    readonly sha256: string;
  };
  /** In a merged record: label of the host that it ran on. */
  readonly host?: string;
}
/** An attempt at a boot ended in a fault of the machines below its guest, and is made again with another nonce. */
export interface CellRetried {
  readonly type: 'cell-retried';
  readonly cell: string;
  readonly boot: number;
  readonly at: string;
  /** Of the attempt that failed. */
  readonly nonce: string;
  readonly ending: Ending;
  readonly wallMs: number;
  readonly cpuMs: number;
  /** In a merged record: label of the host that it ran on. */
  readonly host?: string;
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
  /** Attempts before this one that failed; absent where none did. */
  readonly retries?: number;
  readonly observation: Observation;
  /** sha256 of the transcript (docs/probe-protocol.md); absent where the end frame never came. */
  readonly transcriptSha256?: string;
  /** Folder of this boot within the run's folder: console.log, evidence.json, command.sh, boot.json. */
  readonly folder: string;
  /** In a merged record: label of the host that it ran on. */
  readonly host?: string;
}
export interface CellJudged {
  readonly type: 'cell-judged';
  readonly cell: string;
  readonly outcome: Outcome;
  /** One sentence that says why, for a table's footnote and a JUnit failure. */
  readonly reason: string;
  readonly verdicts: readonly Verdict[];
  /** In a merged record, where several hosts ran the cell: what each of them said. */
  readonly hosts?: readonly HostJudgement[];
}
export interface HostJudgement {
  readonly label: string;
  readonly outcome: Outcome;
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
  /** The QEMU that was built here, where a cell of the run needs it; qemuVersion is always the system's. */
  readonly pinnedQemu?: { readonly version: string; readonly behaviour: string };
  /** In a merged record: whose facts these are. The last event is without one, with what all hosts have in common. */
  readonly label?: string;
}
/** Somebody went on with a run that had ended before its last cell. What follows belongs to the same run. */
export interface RunResumed {
  readonly type: 'run-resumed';
  readonly at: string;
  /** Boots that had begun, or whose files were lost, and are booted again. */
  readonly again: readonly { readonly cell: string; readonly boot: number }[];
}
/** The record was made of others: those of shards, or of the same cells on several hosts. */
export interface RunMerged {
  readonly type: 'run-merged';
  readonly at: string;
  readonly parts: readonly MergedPart[];
}
export interface MergedPart {
  readonly label: string;
  readonly run: string;
  readonly startedAt: string;
  readonly shard: { readonly index: number; readonly of: number } | null;
  /** File of this run's folder with the provenance of the part; null where the part had none. */
  readonly provenance: string | null;
  /** sha256 of the part's event log. */
  readonly logSha256: string;
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
  | CellRetried
  | CellFinished
  | CellJudged
  | HostNoted
  | RunResumed
  | RunMerged
  | RunFinished;

/** An event as it stands in the log: numbered from 0 without a gap, and with the time it was written (ISO 8601, UTC). */
export type Recorded<E extends RunEvent = RunEvent> = E & { readonly seq: number; readonly at: string };
