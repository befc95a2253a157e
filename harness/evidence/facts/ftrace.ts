/**
 * The kernel's own trace, as /sys/kernel/tracing/trace shows it (kernel/trace/trace_output.c): what it says of the refinement. An event of
 * the workqueue and a probe at the function's entry are one pass of the work; a probe of its return shows what a sample came to.
 */
import type { NumberedText } from '../log-lines.ts';
import type { Found, WorkTrace } from './types.ts';

/** "kworker/0:1-17 [000] ..... 0.483296: EVENT: TEXT"; flags of four or five letters came with 2.6.39, and an owner may stand before the CPU. */
const LINE =
  /^\s*\S.{0,15}-\d{1,8}\s+(?:\([ \d-]{1,8}\)\s+)?\[\d{3,4}\]\s+(?:\S{4,6}\s+)?(\d{1,9}\.\d{6}): ([\w:]{1,64}): (.*)$/;
const WORK = /^work struct \S+: function tsc_refine_calibration_work\b/;
const ENTRY = /^\(tsc_refine_calibration_work\+0x\w+(?:\/0x\w+)?\)/;
const SAMPLE = /^\(\S+ <- tsc_read_refs\) .*?=(0x[0-9a-f]{1,16}|-?\d{1,20})\b/;
/** tsc.c tsc_read_refs(): ULLONG_MAX, a sample that took too long in each of its tries. */
const REJECTED = /^(?:0xffffffffffffffff|18446744073709551615|-1)$/;
/** Two signs of one pass are microseconds apart, two passes HZ. */
const ONE_PASS_S = 0.1;

/** Null if there is no word of the refinement in it. */
export function ftraceFact(lines: readonly NumberedText[]): WorkTrace | null {
  const passes: Found[] = [];
  const samples: (Found & { readonly value: string; readonly rejected: boolean })[] = [];
  for (const { n, text } of lines) {
    if (!text.includes('tsc_re')) continue;
    const [, stamp, , message = ''] = LINE.exec(text) ?? [];
    if (stamp === undefined) continue;
    const timeS = Number(stamp);
    const found: Found = { line: n, order: n, text: text.trim(), timeS, byWallClock: false };
    const value = SAMPLE.exec(message)?.[1];
    if (value !== undefined) samples.push({ ...found, value, rejected: REJECTED.test(value) });
    const isPass = WORK.test(message) || ENTRY.test(message);
    if (isPass && timeS - (passes.at(-1)?.timeS ?? Number.NEGATIVE_INFINITY) > ONE_PASS_S) passes.push(found);
  }
  return passes.length + samples.length === 0 ? null : { passes, samples };
}
