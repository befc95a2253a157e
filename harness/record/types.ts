/** The record of a run: an append-only log of these events, one JSON object a line. Their shapes are those of schema.ts. */
import type { AnyEvent, Stamp } from './schema.ts';

/** Raised when a reader of the previous version could misread a log. */
export const RECORD_VERSION = 1;

export type RunEvent = AnyEvent;
type EventOf<Type extends RunEvent['type']> = Extract<RunEvent, { readonly type: Type }>;

export type RunStarted = EventOf<'run-started'>;
export type CellPlanned = EventOf<'cell-planned'>;
export type KernelReady = EventOf<'kernel-ready'>;
export type KernelFailed = EventOf<'kernel-failed'>;
export type CellStarted = EventOf<'cell-started'>;
export type CellRetried = EventOf<'cell-retried'>;
export type CellFinished = EventOf<'cell-finished'>;
export type CellJudged = EventOf<'cell-judged'>;
export type HostJudgement = NonNullable<CellJudged['hosts']>[number];
export type HostNoted = EventOf<'host-noted'>;
export type RunMerged = EventOf<'run-merged'>;
export type MergedPart = RunMerged['parts'][number];
export type RunFinished = EventOf<'run-finished'>;

/** An event as it stands in the log: numbered from 0 without a gap, and with the time it was written (ISO 8601, UTC). */
export type Recorded<E extends RunEvent = RunEvent> = E & Stamp;
