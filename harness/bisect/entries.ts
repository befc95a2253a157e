/** What the journal of a search holds. */
import type { CommitRecipe } from '../kernel/make/commit.ts';
import type { KernelEntry, Verdict } from '../matrix/types.ts';
import type { Cell } from '../plan/types.ts';
import type { Citation } from '../verdict/types.ts';

export const JOURNAL_VERSION = 1;

/** All that a search needs to go on, and to be repeated. */
export interface SearchSpec {
  /** The cell that every kernel is booted in; its own kernel's name is replaced by the subject's. */
  readonly cell: Cell;
  /** Which side meets the cell's expectation: the old one if the search is for what broke it; null: to be seen. */
  readonly met: 'old' | 'new' | null;
  readonly subjects: CommitCandidates | KernelCandidates;
  readonly confidence: number;
  readonly timeoutS: number;
  readonly qemu: string;
  /** Compilers at once; null: one for each CPU. */
  readonly jobs: number | null;
  /** sha256 of each test of the cell: a search asks one question from its beginning to its end. */
  readonly testDigests?: readonly string[];
}

export interface CommitCandidates {
  readonly kind: 'commits';
  readonly repository: string;
  readonly old: string;
  readonly new: string;
  /** As they were named. */
  readonly oldRef: string;
  readonly newRef: string;
  readonly bases: readonly string[];
  readonly firstParent: boolean;
  readonly paths: readonly string[];
  readonly skip: readonly string[];
  readonly recipe: CommitRecipe;
}

export interface KernelCandidates {
  readonly kind: 'kernels';
  /** In the order in which they are searched. */
  readonly kernels: readonly KernelEntry[];
  readonly old: string;
  readonly new: string;
}

export interface Started {
  readonly type: 'started';
  readonly version: number;
  readonly at: string;
  readonly spec: SearchSpec;
}

/** A subject's kernel is there. */
export interface Imaged {
  readonly type: 'image';
  readonly at: string;
  readonly subject: string;
  readonly sha256: string;
  readonly release: string;
  readonly origin: string;
  /** Of a build: its key, which is known before it begins. */
  readonly key: string | null;
  /** It was in the cache, or another subject has the same key: nothing was built. */
  readonly cached: boolean;
  readonly seconds: number;
}

/** A subject cannot be tested. */
export interface Skipped {
  readonly type: 'skipped';
  readonly at: string;
  readonly subject: string;
  readonly reason: string;
  readonly logPath: string | null;
  readonly seconds: number;
}

export interface BootEntry {
  readonly type: 'boot';
  readonly at: string;
  readonly subject: string;
  /** From 1, for each subject. */
  readonly boot: number;
  readonly verdict: Verdict;
  readonly met: boolean;
  readonly reason: string;
  readonly available: readonly string[] | null;
  readonly current: string | null;
  readonly ppm: number | null;
  readonly evidence: readonly Citation[];
  readonly transcriptSha256: string | null;
  /** Relative to the search's folder. */
  readonly folder: string;
  readonly seconds: number;
}

/** The host failed a boot: it says nothing of the kernel. */
interface Faulted {
  readonly type: 'fault';
  readonly at: string;
  readonly subject: string;
  readonly reason: string;
}

export interface Finished {
  readonly type: 'finished';
  readonly at: string;
  /** How the search ended, in one word. */
  readonly end: string;
}

export type Entry = Started | Imaged | Skipped | BootEntry | Faulted | Finished;
