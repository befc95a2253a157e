/** The parts of the KCIDB I/O format, version 5.3, that a run fills in (kcidb_io/schema/v05_03.py). */

export const KCIDB_VERSION = { major: 5, minor: 3 } as const;
/** Of every log_excerpt, in characters. */
export const EXCERPT_MAX_CHARS = 16_384;

export type KcidbStatus = 'FAIL' | 'ERROR' | 'MISS' | 'PASS' | 'DONE' | 'SKIP';
type Misc = Readonly<Record<string, unknown>>;

export interface KcidbResource {
  readonly name: string;
  readonly url: string;
}
export interface KcidbCheckout {
  readonly id: string;
  readonly origin: string;
  readonly git_repository_url?: string;
  readonly git_commit_hash?: string;
  /** "" if no patch was applied; absent if that is not known. */
  readonly patchset_hash?: string;
  readonly comment: string;
  readonly valid: boolean;
  readonly misc: Misc;
}
export interface KcidbBuild {
  readonly id: string;
  readonly checkout_id: string;
  readonly origin: string;
  readonly comment: string;
  readonly architecture: string;
  readonly compiler?: string;
  /** Seconds. */
  readonly duration?: number;
  readonly log_excerpt?: string;
  readonly status: KcidbStatus;
  readonly misc: Misc;
}
export interface KcidbTest {
  readonly id: string;
  readonly build_id: string;
  readonly origin: string;
  readonly path: string;
  readonly comment: string;
  readonly status: KcidbStatus;
  readonly number?: { readonly value: number; readonly unit: string };
  readonly start_time?: string;
  /** Seconds. */
  readonly duration?: number;
  readonly environment: { readonly comment?: string; readonly misc: Misc };
  readonly log_url?: string;
  readonly log_excerpt?: string;
  readonly output_files?: readonly KcidbResource[];
  readonly misc: Misc;
}
export interface KcidbDocument {
  readonly version: typeof KCIDB_VERSION;
  readonly checkouts: readonly KcidbCheckout[];
  readonly builds: readonly KcidbBuild[];
  readonly tests: readonly KcidbTest[];
}

/** Who submits, and where the files of the run can be had. */
export interface KcidbOptions {
  readonly origin: string;
  /** Address of the run's folder, without a slash at its end; null if it is not published. */
  readonly filesUrl: string | null;
}
