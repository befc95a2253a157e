/** Several boots in one text: where each begins, and a log that stands upside down. */
import type { LogLine } from '../log-lines.ts';

export interface Boots {
  readonly count: number;
  /** Of the boot that is looked at, 1-based. */
  readonly chosen: number;
  /** Line of the text at which it begins. */
  readonly line: number;
  /** The machine it is of, where a text holds the logs of several. */
  readonly host?: string;
}

/** journalctl's marks between boots; last's and wtmp's "reboot". */
const MARK = /^-{2,} ?(?:Boot [0-9a-f]{8,}|Reboot) ?-{2,}$/i;
export const isBetweenBoots = ({ text }: LogLine): boolean => MARK.test(text);
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

const VERSION = 0;

/** The line, from `from` on, at which the stamps last went back before this one, which is where its boot begins; else this line. */
function wentBack(lines: readonly LogLine[], index: number, from: number): number {
  let later = lines[index]?.timeS ?? null;
  for (let i = index - 1; i >= from && later !== null; i--) {
    const { timeS } = lines[i] as LogLine;
    if (timeS === null) continue;
    if (timeS > later) return i + 1;
    later = timeS;
  }
  return index;
}

const MARKED = /^(?:tsc: )?Marking TSC unstable due to /;
/** tsc.c tsc_refine_calibration_work() does not refine an unstable TSC, and it is not switched to. */
const SOUND = /^(?:tsc: |TSC: )?Refined TSC clocksource calibration: |Switched to clocksource tsc$/;

/** Of the boot at hand: when the TSC was first marked, and when it was last sound. A mark does not stand before that in one boot. */
interface Seen {
  mark: number;
  sound: number;
}

/** Whether the line cannot be of the boot that was seen so far. */
function contradicts(seen: Seen, { text, timeS, byWallClock }: LogLine): boolean {
  if (timeS === null) return false;
  const isMark = MARKED.test(text);
  if (!isMark && !SOUND.test(text)) return false;
  const past = isMark ? seen.sound > timeS : seen.mark < timeS;
  if (isMark) seen.mark = Math.min(seen.mark, timeS);
  else seen.sound = Math.max(seen.sound, timeS);
  // Times of day go on from boot to boot.
  return past && !(isMark && byWallClock === true);
}

/** Which of the messages that a kernel prints once this is; -1 for any other. */
export const onceIn = (line: LogLine): number => ONCE.findIndex((pattern) => pattern.test(line.text));

/**
 * The lines of several machines in one text, one machine after the other. Two names are two machines if both print what a kernel
 * prints once: a machine may get its name while it boots.
 */
export function byHost(lines: readonly LogLine[]): readonly LogLine[] {
  const said = new Map<string, Set<number>>();
  for (const line of lines) {
    const which = line.host === undefined ? -1 : onceIn(line);
    if (which < 0 || line.host === undefined) continue;
    said.set(line.host, (said.get(line.host) ?? new Set()).add(which));
  }
  const hosts = [...said].filter(([name, own]) =>
    [...said].some(([other, its]) => other !== name && [...own].some((which) => its.has(which))),
  );
  if (hosts.length < 2) return lines.map(({ host: _, ...line }) => line);
  const names = hosts.map(([name]) => name);
  let of = names[0];
  const owned = lines.map((line) => {
    if (line.host !== undefined && names.includes(line.host)) of = line.host;
    return { ...line, host: of ?? '' };
  });
  return names.flatMap((name) => owned.filter(({ host }) => host === name));
}

/** Of each message that a kernel prints once, the last line without a stamp that has it; -1 if there is none. */
function lastBare(lines: readonly LogLine[]): number[] {
  const last = ONCE.map(() => -1);
  for (const [index, line] of lines.entries()) {
    const which = line.stamped ? -1 : onceIn(line);
    if (which >= 0) last[which] = index;
  }
  return last;
}

/** The index at which each boot begins, the first at 0. */
function begins(lines: readonly LogLine[]): number[] {
  const starts = [0];
  let said = new Map<number, string>();
  let seen: Seen;
  // Whether the boot at hand has a line of a log yet: a mark may stand before the first.
  let logged = false;
  const begin = (index: number | null): void => {
    if (index !== null) starts.push(index);
    said = new Map();
    logged = false;
    seen = { mark: Number.POSITIVE_INFINITY, sound: Number.NEGATIVE_INFINITY };
  };
  const back = (index: number): number => wentBack(lines, index, starts.at(-1) ?? 0);
  const last = lastBare(lines);
  // A log without stamps: its first line again, and more of the same below. /proc/version alone is no other boot.
  const isBareBoot = (line: LogLine, index: number, which: number): boolean =>
    which === VERSION &&
    !line.stamped &&
    said.has(VERSION) &&
    last.some((at, other) => other !== VERSION && said.has(other) && at > index);
  begin(null);
  lines.forEach((line, index) => {
    if (line.host !== (lines[index - 1] ?? line).host) begin(index);
    if (isBetweenBoots(line)) {
      begin(logged ? index : null);
      return;
    }
    logged ||= line.stamped;
    if (contradicts(seen, line)) {
      const at = line.byWallClock === true ? index : back(index);
      if (at < index || (lines[index - 1]?.timeS ?? 0) > Number(line.timeS) || line.byWallClock === true) {
        begin(at);
        contradicts(seen, line);
      }
    }
    const which = onceIn(line);
    if (which < 0) return;
    // The same line again, as of two greps over one log, is no other boot.
    const key = `${line.timeS ?? ''} ${line.text}`;
    const before = said.get(which);
    if (isBareBoot(line, index, which) || (before !== undefined && before !== key && line.stamped)) {
      begin(back(index));
      contradicts(seen, line);
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
  const host = own[0]?.host;
  const of = host === undefined ? {} : { host };
  return { lines: own, boots: { count: starts.length, chosen, line: own[0]?.n ?? 1, ...of } };
}

/** Of the steps from stamp to stamp, the share that must go back. */
const BACKWARD_SHARE = 0.8;
const STEPS_THAT_TELL = 3;

/** journalctl --reverse: the lines in the order in which they were printed, each listing of a text by itself. */
export function inOrder(lines: readonly LogLine[]): readonly LogLine[] {
  const starts = [0];
  let byClock: boolean | null = null;
  for (const [index, { timeS, byWallClock }] of lines.entries()) {
    if (timeS === null) continue;
    if (byClock !== null && byClock !== (byWallClock === true)) starts.push(index);
    byClock = byWallClock === true;
  }
  return starts.length === 1
    ? listingInOrder(lines)
    : starts.flatMap((start, i) => listingInOrder(lines.slice(start, starts[i + 1])));
}

function listingInOrder(lines: readonly LogLine[]): readonly LogLine[] {
  const stamped = lines.filter((line) => line.timeS !== null);
  let back = 0;
  let on = 0;
  stamped.forEach((line, index) => {
    const before = stamped[index - 1];
    if (before?.timeS == null || line.timeS === null || line.timeS === before.timeS) return;
    if (line.timeS < before.timeS) back += 1;
    else on += 1;
  });
  // Times of day never go back; seconds since boot do where another boot begins.
  const isTold = back >= STEPS_THAT_TELL || (on === 0 && back > 0 && stamped.every((l) => l.byWallClock));
  return isTold && back > (back + on) * BACKWARD_SHARE
    ? lines.toReversed().map((line, index) => ({ ...line, order: (lines[0]?.n ?? 0) + index }))
    : lines;
}
