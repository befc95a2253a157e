/** A guest's console as evidence: the probe's report, and the facts of the kernel's log. */
import { createHash } from 'node:crypto';
import { type ConsoleLine, readConsole } from './console.ts';
import { type Facts, gatherFacts } from './facts.ts';
import type { NumberedText } from './log-lines.ts';
import { type ProbeReport, readFrames } from './report.ts';

export interface Evidence {
  readonly consoleLines: number;
  readonly report: ProbeReport;
  readonly facts: Facts;
  /** Where the facts were read: in the log that the probe sent, or straight off the console. */
  readonly factsFrom: 'probe' | 'console';
  /** The text of the kernel's log that the facts rest on, one line each, for messages that must come. */
  readonly log: readonly NumberedText[];
  /** sha256 of the console up to and including the end frame's line; null where it never came. */
  readonly transcriptSha256: string | null;
}

/** Pure: the same bytes give the same evidence. Never throws. */
export function gatherEvidence(bytes: Uint8Array, nonce: string): Evidence {
  const lines = readConsole(bytes);
  const report = readFrames(lines, nonce);
  // A broken report's log may have holes, and a hole would be read as a message that did not come.
  const sent = report.complete && report.dmesg.length > 0;
  const log = sent
    ? report.dmesg.flatMap((record) => recordLines(record.value, record.lines[0] ?? 0))
    : consoleLog(lines);
  return {
    consoleLines: lines.at(-1)?.n ?? 0,
    report,
    facts: gatherFacts(log),
    factsFrom: sent ? 'probe' : 'console',
    log,
    transcriptSha256:
      report.transcriptEnd === null
        ? null
        : createHash('sha256').update(bytes.subarray(0, report.transcriptEnd)).digest('hex'),
  };
}

/** One record of the kernel's log may hold several lines; its line feeds came through as \\x0a. */
function recordLines(record: string, n: number): NumberedText[] {
  return record.split('\\x0a').map((text) => ({ n, text }));
}

/** Kernel lines off the console; where a kernel line cut a frame, the kernel's part alone. */
function consoleLog(lines: readonly ConsoleLine[]): NumberedText[] {
  return lines.flatMap((line) => {
    if (!line.text.startsWith('@tsc ')) return [{ n: line.n, text: line.text }];
    const kernel = /\[ *\d+\.\d{6}\] .*$/.exec(line.text.slice(5));
    return kernel === null || /^@tsc \S+ \d+ \S+ dmesg /.test(line.text)
      ? []
      : [{ n: line.n, text: kernel[0] }];
  });
}
