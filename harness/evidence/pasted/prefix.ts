/**
 * What stands before a message in pasted text. No list of forms: a message that is known is looked for behind whatever
 * stands in front, and a prefix that was seen before known messages is taken off all lines of the text.
 */
import { isMessage } from '../messages.ts';
import { monthOf } from './wall-clock.ts';

/** A message is looked for this far into a line, in characters. */
const REACH = 200;

/** Words of a sentence: with one of them in front, a message is spoken of and not printed. */
const SPEECH = new Set(
  (
    'a an and are as at be because but by can cannot did do does dont expected for from got has have he i if in is it ' +
    'its like line lines log message messages my never no not of on only or our output print printed prints said saw ' +
    'say says see seeing seen should show shows so that the then there they this to was we were when where which ' +
    'while why with without wonder would you your'
  ).split(' '),
);
/** /dev/kmsg: level, sequence, microseconds, flags. */
const KMSG = /(?:^|\s)\d{1,4},\d{1,12},(\d{1,16}),[-cC](?:,\S{1,80})?;/;
const TIME = /\d{1,2}:\d\d:\d\d|\d{1,9}\.\d{3,9}|\[ *\d{1,9}\.\d{1,9}\]|\d{4}-\d\d-\d\d/;
/** What loggers and consoles put before a message, beside a time. */
const MARKS =
  /\bkernel(?:\[\d{1,7}\])?:|\bkern(?:el)?\b[ .:]|[[<({|][^\s\])}>|]{0,80}[\])}>|]|[|>]\s*$|(?:^|\s)\/\S*[:-]|^\S*\d[:.)-]?\s*$|^[\w./-]+:\d+[:-]|^[\w-]+\.(?:\d|gz|log|txt|xz|zst)[\w.]*[:-]\s*$/;

const MARK_END = /^.*(?:[\])}>|:](?:\s|$)|\d:\d\d(?=\s)|\b(?:19|20)\d\d\b|\/\S*[:-])/s;
/** In any language: so many words in small letters that are neither a month nor part of a name make a sentence. */
const SENTENCE_WORDS = 3;

/** What syslogd writes to every terminal, with the message on the next line or behind it. */
const BROADCAST = /^(?:Broadcast m|M)essage from \S+@\S+ .{0,60}?\.\.\.\s*/i;

function isSpeech(line: string): boolean {
  const before = line.replace(BROADCAST, '');
  // "timekeeping watchdog on" may have been broken off in front of it.
  if (/^CPU ?\d+:? *$/.test(before)) return true;
  // The subject of a mail, the title of a ticket.
  if (/^(?:re|fwd?|aw|subject|betreff|title|bug)\b/i.test(before)) return true;
  const small = before.match(/(?<![\p{L}\p{N}./@:_-])\p{Ll}{2,}(?![\p{L}\p{N}./@:|=_-])/gu) ?? [];
  if (small.filter((word) => monthOf(word) === null).length >= SENTENCE_WORDS) return true;
  // What stands after the last mark or time: a name, and no two words.
  const tail = before.slice(MARK_END.exec(before)?.[0].length ?? 0);
  if ((tail.match(/(?<![\p{L}\p{N}./@:_-])\p{L}{2,}(?=\s)/gu) ?? []).length > 1) return true;
  // The level of Android's log, "I :", is no word.
  return (before.toLowerCase().match(/(?<![\w./@:-])[a-z]+(?![\w./@|=-]| ?:)/g) ?? []).some((word) =>
    SPEECH.has(word),
  );
}

/** Whether this may stand before a message that a machine printed. */
function isPrefix(before: string): boolean {
  if (isSpeech(before)) return false;
  return !/[\p{L}\p{N}]/u.test(before) || [TIME, KMSG, MARKS].some((pattern) => pattern.test(before));
}

/** Whether this, said before several messages, was put there by a machine: two sentences may begin alike. */
function isRepeated(before: string, count: number, lines: number): boolean {
  if (count < 2) return false;
  return /[\d[\]{}<>|/~@#=+*_]/.test(before) || (/^\S+\s*$/.test(before) && count * 2 >= lines);
}

/** The same prefix with other times and numbers has the same shape. */
function shapeOf(before: string): string {
  return before
    .replaceAll(/\d+/g, '0')
    .replaceAll(/ +/g, ' ')
    .replaceAll(/\p{L}+/gu, (word) => (word.length > 3 ? word : 'a'));
}

/** Where known messages may begin: at the line's start, and after a space or a mark. */
function* starts(text: string): Generator<number> {
  yield 0;
  const reach = Math.min(text.length, REACH);
  for (let i = 1; i < reach; i++) {
    if (/[^\p{L}\p{N}_/.(-]/u.test(text[i - 1] ?? '') && /[^\s]/.test(text[i] ?? '')) yield i;
  }
}

/** Only these are looked into: the rest of a log has no message on clocks or of a boot's landmarks. */
export const CLOCK_WORDS =
  /tsc|clocksource|hpet|kvm-clock|kvm-guest|pmtimer|pm-timer|watchdog|linux version|ommand line|hypervisor|paravirt|dmi:|sched_clock|hrtimer|suspend|hibernat|sleep state|restarting tasks|nmi handler|freezing user|workingset|unpack|pnp acpi|net: registered|pci: cls|trusted keyring|io scheduler|8250|taskstats|shorthand|unused kernel|write protecting|as init process|calibrat|synchronization|is current|_nsec|_now:|interval:|skewed|cpus? \d|detected \d|e820/i;

/** The offset of a known message in a line; -1 if there is none. */
function messageAt(text: string): number {
  if (!CLOCK_WORDS.test(text)) return -1;
  for (const at of starts(text)) {
    if (isMessage(text.slice(at, at + 400))) return at;
  }
  return -1;
}

export interface Unprefixed {
  readonly message: string;
  readonly before: string;
}

interface Prefixes {
  /** Takes off what stands before the message of a line, by its index; null if the line has no prefix that is known. */
  strip(index: number): Unprefixed | null;
}

/** A text with more different prefixes than this is no log of one machine; the commonest are taken. */
const MOST_SHAPES = 8;

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The prefix of one line as a pattern for the others of the same shape. */
function patternOf(before: string): RegExp {
  const parts = before.split(/(\d+|\p{L}+|\s+)/u).map((part) => {
    if (/^\d/.test(part)) return '\\d{1,20}';
    if (/^\s/.test(part)) return '\\s{1,20}';
    if (/^\p{L}/u.test(part)) return part.length > 3 ? escaped(part) : '\\p{L}{1,12}';
    return escaped(part);
  });
  return new RegExp(`^${parts.join('')}`, 'u');
}

/** Learns the prefixes of a text from the lines of it whose messages are known. */
export function learnPrefixes(texts: readonly string[]): Prefixes {
  const seen = new Map<string, { count: number; before: string }>();
  const places = texts.map(messageAt);
  const full = texts.filter((text) => text !== '').length;
  for (const [index, text] of texts.entries()) {
    const at = places[index] ?? -1;
    if (at <= 0) continue;
    const before = text.slice(0, at);
    if (isSpeech(before)) continue;
    const shape = shapeOf(before);
    const known = seen.get(shape);
    if (known === undefined) seen.set(shape, { count: 1, before });
    else known.count += 1;
  }
  const common = [...seen.values()]
    .filter(({ count, before }) => isPrefix(before) || isRepeated(before, count, full))
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_SHAPES);
  const shapes = new Set(common.map(({ before }) => shapeOf(before)));
  // What stands before the stamp, such as a number or a file's name, stands before commands and their output too.
  const outer = common.flatMap(({ before }) => {
    const at = before.search(/\[ *[TC]?\d|<\d|\d{4}-\d\d-\d\d/);
    return at > 0 && !/^\s*$/.test(before.slice(0, at)) ? [before.slice(0, at)] : [];
  });
  const patterns = [...new Set([...common.map(({ before }) => before), ...outer])].map(patternOf);
  return {
    strip(index) {
      const text = texts[index] ?? '';
      const at = places[index] ?? -1;
      if (at === 0) return { message: text, before: '' };
      if (at > 0) {
        const before = text.slice(0, at);
        return shapes.has(shapeOf(before)) || isPrefix(before) ? { message: text.slice(at), before } : null;
      }
      for (const pattern of patterns) {
        const match = pattern.exec(text);
        if (match !== null) return { message: text.slice(match[0].length), before: match[0] };
      }
      return null;
    },
  };
}

/** Whether a prefix says that the line comes from a log; a number, a file's name or a mark may stand before any line. */
export function isStamp(before: string): boolean {
  return TIME.test(before) || KMSG.test(before) || /\bkern(?:el)?\b|<\d{1,3}>|\((?:XEN|d\d+)\)/.test(before);
}

/** Before "kernel:", as loggers write it; or in front of the stamp, as parallel shells and containers do. */
const HOST = [
  /(?:^|\s)([A-Za-z][\w-]{0,63})(?:\.[\w.-]*)?:? (?:kern\.\w+ )?kernel(?:\[\d{1,7}\])?:/,
  /^([A-Za-z][\w-]{0,63})(?:\.[\w.-]*)?(?::| +\|) ?(?=[[<\d])/,
];
/** No machine's name: what a kernel is called before it has one, programs, and files of logs. */
const NO_HOST = /^(?:localhost|kern|kernel|dmesg|syslog|messages|journal)/i;

/** The machine that a prefix names; null if it names none. */
export function hostIn(before: string): string | null {
  const name = HOST.map((pattern) => pattern.exec(before)?.[1]).find((found) => found !== undefined);
  return name === undefined || NO_HOST.test(name) ? null : name;
}

/** Seconds since boot in a prefix: "[   15.000000]", "[15.0]", kmsg's "6,345,15000000,-;". Null if there are none. */
export function bootSeconds(before: string): number | null {
  const stamp = /\[ {0,12}(\d{1,9}\.\d{1,9})(?: <[ \d.+-]{1,20}>)?\]/.exec(before);
  if (stamp !== null) return Number(stamp[1]);
  const kmsg = KMSG.exec(before);
  return kmsg === null ? null : Number(kmsg[1]) / 1e6;
}
