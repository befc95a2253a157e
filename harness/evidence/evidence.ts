/** A guest's console as evidence: the probe's report, and the facts of the kernel's log. */
import { createHash } from 'node:crypto';
import { CONSOLE_LINES_MAX, readConsole } from './console.ts';
import type { ExitCounts } from './exits.ts';
import { type Facts, gatherFacts } from './facts.ts';
import { kernelLines } from './frames.ts';
import { checkLog, type LogCheck } from './log-digest.ts';
import type { NumberedText } from './log-lines.ts';
import { type ProbeReport, readFrames } from './report.ts';
import type { TestReport } from './test-results.ts';

export interface Evidence {
  readonly consoleLines: number;
  readonly report: ProbeReport;
  readonly facts: Facts;
  /** Where the facts were read: in the log that the probe sent or vouched for, or straight off the console. */
  readonly factsFrom: 'probe' | 'console';
  /** How the console's log compares with the probe's checksums of it; null if the probe sent the log itself. */
  readonly logCheck: LogCheck | null;
  /** The text of the kernel's log that the facts rest on, one line each, for messages that must come. */
  readonly log: readonly NumberedText[];
  /** sha256 of the console up to and including the end frame's line; null if it never came. */
  readonly transcriptSha256: string | null;
  /** How often the guest left its virtual CPUs, and for which reads; null if that was not counted. */
  readonly exits: ExitCounts | null;
  /** What the user's own tests said; absent where none were to be run. */
  readonly tests?: readonly TestReport[];
}

/** Pure: the same bytes give the same evidence. Never throws. */
export function gatherEvidence(
  bytes: Uint8Array,
  nonce: string,
  exits: ExitCounts | null = null,
  key?: string,
): Evidence {
  const lines = readConsole(bytes);
  const { report, logCheck } = checked(readFrames(lines, nonce, key), bytes);
  // A broken report's log may have holes, and a hole would be read as a message that did not come.
  const sent = report.complete && report.dmesg.length > 0;
  const log = sent ? sentLog(report.dmesg) : kernelLines(lines, 'dmesg ');
  return {
    consoleLines: lines.at(-1)?.n ?? 0,
    report,
    facts: gatherFacts(
      log,
      report.trace?.lines.map(({ value, lines: at }) => ({ n: at[0] ?? 0, text: value })),
    ),
    factsFrom: sent ? 'probe' : 'console',
    logCheck,
    log,
    transcriptSha256:
      report.transcriptEnd === null
        ? null
        : createHash('sha256').update(bytes.subarray(0, report.transcriptEnd)).digest('hex'),
    exits,
  };
}

/** A log that the probe vouched for by checksums counts as if it had sent it; a damaged one as a damaged frame. */
function checked(report: ProbeReport, bytes: Uint8Array): { report: ProbeReport; logCheck: LogCheck | null } {
  if (report.logsum === null || report.transcriptEnd === null) return { report, logCheck: null };
  const { check, lines } = checkLog(bytes.subarray(0, report.transcriptEnd), report.logsum.value);
  return check.whole
    ? { report: { ...report, dmesg: lines }, logCheck: check }
    : { report: { ...report, complete: false }, logCheck: check };
}

/** One record of the kernel's log may hold several lines; its line feeds came through as \\x0a. */
function sentLog(records: ProbeReport['dmesg']): NumberedText[] {
  const log: NumberedText[] = [];
  for (const { value, lines } of records) {
    // As many as a console may have: what comes then is the work of nobody's kernel.
    const room = CONSOLE_LINES_MAX - log.length;
    for (const text of value.split('\\x0a', room)) log.push({ n: lines[0] ?? 0, text });
  }
  return log;
}
