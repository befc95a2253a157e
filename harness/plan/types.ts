import type { Expectation, GuestSpec, KernelEntry, Problem, TestSpec } from '../matrix/types.ts';

/** One combination of axis values: one kernel in one guest. */
export interface Cell {
  /** Readable, stable, and safe as a file name: see plan/cell-id.ts. */
  readonly id: string;
  readonly kernel: string;
  readonly guest: GuestSpec;
  /** The values of the matrix's axes in this cell as written there, for filters and table rows. */
  readonly axes: Readonly<Record<string, string>>;
  readonly expectation: Expectation;
  /** Line of the matrix file that speaks for it: the last rule that it meets, else where it gets its kernel. Absent without a file, and in older records. */
  readonly line?: number;
  /** What is run in the guest once it has settled; absent without any. */
  readonly tests?: readonly TestSpec[];
}

export interface Plan {
  readonly name: string;
  /** sha256 of the matrix file's bytes. */
  readonly matrixSha256: string;
  readonly matrixPath: string;
  /** The kernels that the cells use, each once. */
  readonly kernels: readonly KernelEntry[];
  readonly cells: readonly Cell[];
  /** Rules, excludes and includes that had no effect, merged duplicates, and the matrix's own warnings. */
  readonly warnings?: readonly Problem[];
}
