/**
 * Takes off what stands before a kernel message: mail quotes, syslog and journal prefixes, log levels,
 * timestamps, caller ids. The prefixes are peeled one by one, in any order, because people paste any mixture.
 */
import { neutralise } from '../base/neutralise.ts';

/** `order`: newest first, or of several boots. `again`: a kernel prints this once. */
export type Doubt = 'order' | 'again';

export interface LogLine {
  /** The line's number in the text at hand, 1-based. */
  readonly n: number;
  /** Its place in the order in which the lines were printed, where that is not the order of the text. */
  readonly order?: number;
  /** The message alone. */
  readonly text: string;
  /** Seconds since boot, null if the line does not say. In pasted text also by the time of day: see byWallClock. */
  readonly timeS: number | null;
  /** The time of day, s, of which only differences mean something; null if the line has none. */
  readonly wallS: number | null;
  /** `timeS` was made of the time of day: it has its resolution, and may count from the first line and not from the boot. */
  readonly byWallClock?: true;
  /** The machine that its prefix names, of pasted text; without its domain. */
  readonly host?: string;
  /** Of pasted text, why it is doubtful that it is one boot's, in its order; at the line that shows it. */
  readonly doubt?: Doubt;
  /** The line looks like a log line by its prefix (a stamp, a level, a journal head). */
  readonly stamped: boolean;
  /** The line as shown, without quote marks. */
  readonly shown: string;
  /** Characters of the line as it came. */
  readonly width: number;
}

export interface NumberedText {
  readonly n: number;
  readonly text: string;
}

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const ISO = '\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?(?:Z|[+-]\\d\\d:?\\d\\d)?';
const HOST_KERNEL = '[\\w.:-]{1,128} kernel(?:\\[\\d{1,7}\\])?:';

interface Prefix {
  readonly pattern: RegExp;
  /** The capture that holds seconds since boot, if there is one. */
  readonly seconds?: true;
}

const PREFIXES: readonly Prefix[] = [
  // printk: "[    1.234567] ", dmesg -d: "[    1.234567 <    0.000003>] "
  { pattern: /^\[ {0,12}(\d{1,9}\.\d{1,9})(?: <[ \d.+-]{1,20}>)?\] ?/, seconds: true },
  // CONFIG_PRINTK_CALLER: "[    T0] ", "[    C1] "
  { pattern: /^\[ {0,12}[TC]\d{1,10}\] ?/ },
  // the level as a number: "<6>"
  { pattern: /^<\d{1,3}>/ },
  // dmesg -x: "kern  :info  : "
  { pattern: /^(?:kern|user|daemon|syslog) {0,8}: ?[a-z]{3,8} {0,8}: ?/ },
  // dmesg -T, dmesg --ctime: "[Mon Nov 23 12:56:56 2026] "
  { pattern: new RegExp(`^\\[${DAY} ${MONTH} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d \\d{4}\\] ?`) },
  // dmesg -e: "[Nov23 12:56] ", then "[  +0.000012] "
  { pattern: new RegExp(`^\\[${MONTH}[ \\d]\\d \\d\\d:\\d\\d\\] ?`) },
  { pattern: /^\[ {0,8}[+<] {0,8}\d{1,9}\.\d{1,9}>?\] ?/ },
  // journalctl -o short-monotonic: "[    1.234567] host kernel: " (the stamp is peeled above)
  { pattern: new RegExp(`^${HOST_KERNEL} ?`) },
  // syslog and journalctl: "Nov 23 12:56:56 host kernel: ", with or without a year and fractions
  {
    pattern: new RegExp(
      `^(?:${DAY} )?${MONTH} [ \\d]?\\d (?:\\d{4} )?\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})? ${HOST_KERNEL} ?`,
    ),
  },
  // journalctl -o short-full: "Mon 2026-11-23 12:56:56 CET host kernel: "
  { pattern: new RegExp(`^(?:${DAY} )?${ISO} [A-Z]{2,5} ${HOST_KERNEL} ?`) },
  // journalctl -o short-iso, rsyslog: "2026-11-23T12:56:56+01:00 host kernel: "
  { pattern: new RegExp(`^${ISO} ${HOST_KERNEL} ?`) },
  // journalctl -o short-unix: "1795438616.123456 host kernel: "
  { pattern: new RegExp(`^\\d{9,11}\\.\\d{1,9} ${HOST_KERNEL} ?`) },
  // dmesg --time-format iso: "2026-11-23T12:56:56,123456+01:00 "
  { pattern: new RegExp(`^${ISO} `) },
  // a bare "kernel: "
  { pattern: /^kernel: ?/ },
];

const QUOTE = /^(?:[ \t]*[>|](?!>)[ \t]?)+/;
const MAX_PREFIXES = 8;

export function stripLogPrefix(line: NumberedText): LogLine {
  let text = neutralise(line.text).replace(/\t/g, ' ');
  text = text
    .replace(/^(?:[ ]{0,8}>)+ ?/, '')
    .replace(QUOTE, '')
    .trim();
  const shown = text;
  let timeS: number | null = null;
  let stamped = false;
  for (let i = 0; i < MAX_PREFIXES; i++) {
    const hit = PREFIXES.map((prefix) => ({ prefix, match: prefix.pattern.exec(text) })).find(
      (h) => h.match !== null,
    );
    if (hit === undefined || hit.match === null) break;
    if (hit.prefix.seconds) timeS ??= Number(hit.match[1]);
    stamped = true;
    text = text.slice(hit.match[0].length).trimStart();
  }
  return { n: line.n, text, timeS, wallS: null, stamped, shown, width: line.text.length };
}
