/** Commands and their outputs in pasted text: which sysfs values it states, and what a grep would have shown. */
import type { LogLine } from './log-lines.ts';

export interface Statement<T> {
  readonly value: T;
  readonly line: number;
  readonly text: string;
}

export interface ShellFacts {
  /** The last list of available clocksources that the text states. */
  readonly available: Statement<readonly string[]> | null;
  readonly current: Statement<string> | null;
  readonly commands: readonly Statement<string>[];
  /** The text comes from a grep whose pattern shows messages that name "tsc". */
  readonly grepForTsc: Statement<string> | null;
  /** Lines that are commands or sysfs values, not log lines. */
  readonly consumed: ReadonlySet<LogLine>;
}

/** Names of x86 clocksources, as registered in arch/x86, drivers/clocksource and kernel/time. */
const SOURCES = new Set(
  (
    'tsc tsc-early kvm-clock xen hpet acpi_pm pit jiffies refined-jiffies hyperv_clocksource ' +
    'hyperv_clocksource_tsc_page hyperv_clocksource_msr vmware-tsc uv_rtc geode_mfgpt lapic-timer tsc_early'
  ).split(' '),
);

const PROMPT =
  /^(?:\[[^\]]{1,80}\] ?|\([^)]{1,40}\) ?)?(?:[a-z]{0,3}sh-\d\.\d{1,2}|[~/][^\s$#%>]{0,64}|[\w.-]{1,64}@[\w.-]{1,64}(?::[^$#%>]{0,128})?|[\w.-]{1,64}:[^$#%>]{0,128})? ?[$#%] ?(\S.*)$/;
const COMMAND =
  /^(?:sudo +)?(?:\/\S{0,64}\/)?(?:dmesg|cat|journalctl|grep|egrep|zgrep|head|tail|more|less|lscpu|uname|cd|ls|echo|zcat)\b/;
const NAME = `(?:${[...SOURCES].toSorted((a, b) => b.length - a.length).join('|')})`;
/** "available_clocksource: tsc hpet", "the current clocksource is hpet, ..."; names up to the end or a mark. */
const SYSFS_VALUE = new RegExp(
  `\\b(available|current)[_ ]clocksources?"?\\)? *(?::|=|\\b(?:is|are)\\b:?) *["']?(${NAME}(?:[ ,]+${NAME})*)(?=["']?(?:$|[.,;)]| (?:and|but|while|which) ))`,
  'gi',
);
/** head's and tail's heading, and what a mail program has broken off a command. */
const FILE_HEADER = /^(?:==> )?\S*?(available|current)_clocksource:?(?: <==)?$/;

export function readShell(lines: readonly LogLine[]): ShellFacts {
  let available: ShellFacts['available'] = null;
  let current: ShellFacts['current'] = null;
  let grepForTsc: ShellFacts['grepForTsc'] = null;
  const commands: Statement<string>[] = [];
  const consumed = new Set<LogLine>();
  /** What the next output lines state, in order. */
  let awaited: ('available' | 'current')[] = [];

  const state = (what: 'available' | 'current', value: string, line: LogLine): void => {
    const names = value.trim().split(/\s+/);
    if (!names.every((name) => SOURCES.has(name))) return;
    consumed.add(line);
    if (what === 'available') available = { value: names, line: line.n, text: line.shown };
    else if (names[0] !== undefined && names.length === 1)
      current = { value: names[0], line: line.n, text: line.shown };
  };

  for (const line of lines) {
    if (line.text === '') continue;
    const command = commandIn(line);
    if (command !== null) {
      commands.push({ value: command, line: line.n, text: line.shown });
      consumed.add(line);
      awaited = [...command.matchAll(/\b(available|current)_clocksource\b/g)].map((m) =>
        m[1] === 'current' ? 'current' : 'available',
      );
      if (/clocksource\d?\/\*/.test(command)) awaited = ['available', 'current'];
      if (grepShowsTsc(command)) grepForTsc = { value: command, line: line.n, text: line.shown };
      continue;
    }
    const header = FILE_HEADER.exec(line.text);
    if (header !== null) {
      awaited = [header[1] === 'current' ? 'current' : 'available'];
      continue;
    }
    const stated = [...line.text.matchAll(SYSFS_VALUE)];
    if (stated.length > 0) {
      for (const [, which, value = ''] of stated)
        state(which?.toLowerCase() === 'current' ? 'current' : 'available', value.replaceAll(',', ' '), line);
      awaited = [];
      continue;
    }
    if (line.stamped) continue;
    const names = line.text.split(/\s+/);
    if (!names.every((name) => SOURCES.has(name))) {
      awaited = [];
      continue;
    }
    const what = awaited.shift() ?? (names.length > 1 ? 'available' : null);
    if (what !== null) state(what, line.text, line);
  }
  return { available, current, commands, grepForTsc, consumed };
}

/** Nobody types more; the expressions below take time by the square of a command's length. */
const COMMAND_MAX_CHARS = 512;

const commandIn = (line: LogLine): string | null => (line.stamped ? null : commandOf(line.text));
export const isCommand = (line: LogLine): boolean => commandIn(line) !== null;

function commandOf(text: string): string | null {
  if (text.length > COMMAND_MAX_CHARS) return null;
  const prompted = PROMPT.exec(text)?.[1];
  if (prompted !== undefined && COMMAND.test(prompted)) return prompted;
  return /^(?:sudo +)?(?:cat|dmesg|journalctl) .*(?:clocksource|\| *e?grep)/.test(text) ? text : null;
}

/**
 * Whether a filter in the command lets a line through that says "tsc: Refined TSC clocksource calibration".
 * Only plain alternatives are understood; the pattern itself is never run.
 */
function grepShowsTsc(command: string): boolean {
  const greps = [...command.matchAll(/\b[ez]?grep\b([^|]*(?:\|(?! *\w+ )[^|]*)*)/g)];
  if (greps.length === 0 || /\bgrep\b[^|]* -\w*v/.test(command)) return false;
  return greps.every(([, rest = '']) => {
    const ignoreCase = / -\w*i/.test(rest) || /--ignore-case/.test(rest);
    const words = rest
      .replace(/ --?[\w-]+(?:=\S+)?/g, ' ')
      .split(/[|()'"\\\s]+/)
      .filter((word) => /^[\w:. -]+$/.test(word));
    return words.some((word) => {
      const line = 'tsc: Refined TSC clocksource calibration: ';
      return ignoreCase ? line.toLowerCase().includes(word.toLowerCase()) : line.includes(word);
    });
  });
}
