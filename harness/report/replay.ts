/** The same reports from a stored record. */

import { oneLine } from '../base/safe-text.ts';
import type { RunRecord } from '../record/reader.ts';
import type { RunEvent } from '../record/types.ts';
import { multiplex } from './multiplexer.ts';
import { makeReporters, type ReporterOptions } from './registry.ts';
import type { Reporter } from './reporter.ts';

/**
 * Feeds a record to the reporters; what was wrong with the record goes to stderr. Gives one sentence for each
 * reporter that failed.
 */
export async function reportRecord(
  record: RunRecord,
  specs: readonly string[],
  options: ReporterOptions = {},
): Promise<readonly string[]> {
  const stderr = options.stderr ?? process.stderr;
  const reporters = multiplex(makeReporters(specs, { progress: false, ...options }), stderr);
  for (const problem of record.problems) {
    const where = problem.line === 0 ? '' : ` line ${problem.line}`;
    stderr.write(`tscmatrix: record ${oneLine(record.run)}${where}: ${oneLine(problem.text)}\n`);
  }
  replay(record, reporters);
  await reporters.close();
  return reporters.failures();
}

/** Tells what is stored, or was just made, as if it happened now. */
export function replay(
  { dir, events }: { readonly dir: string; readonly events: readonly RunEvent[] },
  reporter: Reporter,
): void {
  reporter.opened?.(dir);
  for (const event of events) reporter.event(event);
}
