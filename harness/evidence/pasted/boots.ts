/** Several boots in one text: where each begins, and a log that stands upside down. */
import type { LogLine } from '../log-lines.ts';

export interface Boots {
  readonly count: number;
  /** Of the boot that is looked at, 1-based. */
  readonly chosen: number;
  /** Line of the text at which it begins. */
  readonly line: number;
}

/** journalctl's marks between boots; last's and wtmp's "reboot". */
const MARK = /^-{2,} ?(?:Boot [0-9a-f]{8,}|Reboot) ?-{2,}$/i;
/** Messages that a kernel prints once. */
const ONCE = [
  /^Linux version \d\S* \(/,
  /^Kernel command line: /,
  /^Command line: /,
  /^(?:tsc: |TSC: )?Refined TSC clocksource calibration: /,
  /^(?:tsc: |TSC: )?Fast TSC calibration /,
  /^(?:tsc: |TSC: )?Detected \S+ MHz processor/,
  /^(?:clocksource: )?tsc-early: mask: /,
  /^(?:clocksource: )?tsc: mask: /,
  // tsc.c mark_tsc_unstable() returns at once where the TSC is unstable already.
  /^(?:tsc: )?Marking TSC unstable due to /,
];

/** The line at which the stamps last went back before this one, which is where its boot begins; else this line. */
function wentBack(lines: readonly LogLine[], index: number): number {
  let later = lines[index]?.timeS ?? null;
  for (let i = index - 1; i >= 0 && later !== null; i--) {
    const { timeS } = lines[i] as LogLine;
    if (timeS === null) continue;
    if (timeS > later) return i + 1;
    later = timeS;
  }
  return index;
}

/** The index at which each boot begins, the first at 0. */
function begins(lines: readonly LogLine[]): number[] {
  const starts = [0];
  let said = new Map<number, string>();
  lines.forEach((line, index) => {
    if (MARK.test(line.text)) {
      if (said.size > 0) starts.push(index);
      said = new Map();
      return;
    }
    const which = ONCE.findIndex((pattern) => pattern.test(line.text));
    if (which < 0) return;
    // The same line again, as of two greps over one log, is no other boot.
    const key = `${line.timeS ?? ''} ${line.text}`;
    const before = said.get(which);
    if (before !== undefined && before !== key && line.stamped) {
      starts.push(Math.max(wentBack(lines, index), starts.at(-1) ?? 0));
      said = new Map();
    }
    said.set(which, key);
  });
  return starts;
}

/** `wanted` counts from 1; from the end if it is negative. Null: the last. Out of range: the nearest. */
export function chooseBoot(
  lines: readonly LogLine[],
  wanted: number | null,
): { readonly lines: readonly LogLine[]; readonly boots: Boots } {
  const starts = begins(lines);
  const asked =
    wanted === null || wanted === 0 ? starts.length : wanted < 0 ? starts.length + wanted : wanted;
  const chosen = Math.min(Math.max(asked, 1), starts.length);
  const from = starts[chosen - 1] ?? 0;
  const own = lines.slice(from, starts[chosen]);
  return { lines: own, boots: { count: starts.length, chosen, line: own[0]?.n ?? 1 } };
}

/** Of the steps from stamp to stamp, the share that must go back. */
const BACKWARD_SHARE = 0.8;
const STEPS_THAT_TELL = 3;

/** journalctl --reverse: the lines in the order in which they were printed. */
export function inOrder(lines: readonly LogLine[]): readonly LogLine[] {
  const stamped = lines.filter((line) => line.timeS !== null);
  let back = 0;
  let on = 0;
  stamped.forEach((line, index) => {
    const before = stamped[index - 1];
    if (before?.timeS == null || line.timeS === null || line.timeS === before.timeS) return;
    if (line.timeS < before.timeS) back += 1;
    else on += 1;
  });
  return back >= STEPS_THAT_TELL && back > (back + on) * BACKWARD_SHARE
    ? lines.toReversed().map((line, order) => ({ ...line, order }))
    : lines;
}
