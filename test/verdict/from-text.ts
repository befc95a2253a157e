/** A diagnosis of a few lines, for tests that change one line at a time. */
import { gatherFacts } from '../../harness/evidence/facts.ts';
import { type DiagnoseInput, diagnose } from '../../harness/verdict/diagnose.ts';
import type { Diagnosis } from '../../harness/verdict/types.ts';

export function diagnoseText(text: string, more: Omit<DiagnoseInput, 'facts'> = {}): Diagnosis {
  const lines = text.split('\n').map((line, index) => ({ n: index + 1, text: line.trim() }));
  return diagnose({ facts: gatherFacts(lines), ...more });
}

/** A boot from its version line to user space: `early` stands before the initcalls, `late` after them, at 2 s. */
export function wholeLog(early: readonly string[], late: readonly string[], release = '6.1.0'): string {
  const rest = Array.from({ length: 100 }, (_, i) => `[    0.300000] pci 0000:00:${i}.0: a device`);
  return [
    `[    0.000000] Linux version ${release} (builder@host)`,
    ...early,
    '[    0.400000] clocksource: Switched to clocksource tsc-early',
    ...rest,
    '[    0.500000] workingset: timestamp_bits=36 max_order=17 bucket_order=0',
    '[    0.900000] Run /init as init process',
    ...late,
    '[   30.000000] random: crng init done',
  ].join('\n');
}
