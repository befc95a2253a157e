/** Feeds several reporters. One that throws is told of once and left out; it cannot end the run. */

import { oneLine } from '../base/safe-text.ts';
import type { OutputStream } from '../host/sink.ts';
import type { RunEvent } from '../record/types.ts';
import type { Progress, Reporter } from './reporter.ts';

export interface Multiplexer extends Reporter {
  opened(dir: string): void;
  progress(progress: Progress): void;
  close(): Promise<void>;
  /** What went wrong, one sentence for each reporter that failed; empty if all reports are whole. */
  failures(): readonly string[];
}

export function multiplex(
  reporters: readonly Reporter[],
  stderr: OutputStream = process.stderr,
): Multiplexer {
  const failures = new Map<Reporter, string>();

  function fail(reporter: Reporter, error: unknown): void {
    if (failures.has(reporter)) return;
    const why = error instanceof Error ? error.message : String(error);
    const text = oneLine(`the reporter ${reporter.name ?? 'without a name'} failed: ${why}`);
    failures.set(reporter, text);
    stderr.write(`tscmatrix: ${text}\n`);
  }
  function each(call: (reporter: Reporter) => void): void {
    for (const reporter of reporters) {
      if (failures.has(reporter)) continue;
      try {
        call(reporter);
      } catch (error) {
        fail(reporter, error);
      }
    }
  }
  return {
    name: 'all',
    opened: (dir: string) => each((reporter) => reporter.opened?.(dir)),
    event: (event: RunEvent) => each((reporter) => reporter.event(event)),
    progress: (progress: Progress) => each((reporter) => reporter.progress?.(progress)),
    async close() {
      // One after the other, so that what they print does not mix. Also those that failed: a cursor may be hidden.
      for (const reporter of reporters) {
        try {
          await reporter.close?.();
        } catch (error) {
          fail(reporter, error);
        }
      }
    },
    failures: () => [...failures.values()],
  };
}
