/** A test's output read as results: apart from its run, since the parser of TAP is loaded only for guests that ran tests. */
import { readNumbers, readTap, type TestNumber } from './tap.ts';
import type { TestRun } from './test-frames.ts';

export type { Point, TestNumber } from './tap.ts';

export interface TestReport {
  readonly run: TestRun;
  readonly tap: ReturnType<typeof readTap>;
  readonly numbers: readonly TestNumber[];
}

export function reportsOf(runs: readonly TestRun[]): TestReport[] {
  return runs.map((run) => ({ run, tap: readTap(run.out), numbers: readNumbers(run.out) }));
}
