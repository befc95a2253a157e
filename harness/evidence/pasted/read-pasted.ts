/** Text as people really paste it, to the lines of one boot's log. Pure. */
import { LINE_CAP_CHARS, neutralise } from '../../base/neutralise.ts';
import { type LogLine, stripLogPrefix } from '../log-lines.ts';
import { readShell } from '../shell.ts';
import { type Boots, byHost, chooseBoot, inOrder } from './boots.ts';
import { isOrderUnknown, saidAgain } from './doubts.ts';
import { plainLines, unquotePrintable } from './markup.ts';
import { bootSeconds, hostIn, isStamp, learnPrefixes, type Unprefixed } from './prefix.ts';
import { type RawLine, structuredLines } from './structured.ts';
import { overNewYear, wallClock } from './wall-clock.ts';
import { joinWraps } from './wraps.ts';

export interface Pasted {
  readonly lines: readonly LogLine[];
  readonly boots: Boots;
  /** If no message was recognised: the first line with anything on it, and what was taken for its prefix. */
  readonly first: { readonly n: number; readonly text: string; readonly prefix: string } | null;
}

/** Quote marks of mails and forums. */
const QUOTE = /^(?:[ \t]{0,8}[>|](?!>)[ \t]?)+/;
/** What closes a line in markup, and ends no message of the kernel's and no command ("clocksource0/*"). */
const CLOSING = /(?:[\s`|\\}]|(?<!\/)\*|"[,\]}\s]*$)+$/;
/** As CLOSING where values are listed; elsewhere a wrapped message may go on behind a comma. */
const CLOSING_LISTED = /(?:[\s`|\\}]|(?<!\/)\*|"[,\]}\s]*$|,$)+$/;

/** The line without what closes it, as far as something was opened in front. */
function withoutClosing(message: string, before: string): string {
  const closed =
    /[`*"'|{[(+\\,]/.test(before) || /[`*|\\]$/.test(message)
      ? message.replace(/["',{]/.test(before) ? CLOSING_LISTED : CLOSING, '')
      : message.trimEnd();
  return /'\s*$/.test(before) ? closed.replace(/'$/, '') : closed;
}

const cap = (text: string): string =>
  text.length > LINE_CAP_CHARS ? `${text.slice(0, LINE_CAP_CHARS)} [cut]` : text;

/** `boot` as in chooseBoot(). */
export function readPasted(raw: readonly RawLine[], boot: number | null = null): Pasted {
  const plain = withoutMarkup(raw);
  const texts = plain.map(({ text }) =>
    cap(neutralise(text).replaceAll('\t', ' ')).replace(QUOTE, '').trim(),
  );
  const prefixes = learnPrefixes(texts);
  const all = plain.map((line, index) => logLine(line, texts[index] ?? '', prefixes.strip(index)));
  const lines = withWallTimes(inTheirOrder(all));
  const { consumed } = readShell(lines);
  const joined = joinWraps(lines, (line) => consumed.has(line));
  const ordered = inOrder(byHost(joined));
  const chosen = chooseBoot(ordered, boot);
  const first = lines.find(({ shown }) => shown !== '');
  return {
    ...chosen,
    lines: withDoubts(chosen.lines, isOrderUnknown(ordered)),
    first:
      first === undefined
        ? null
        : {
            n: first.n,
            text: first.shown,
            prefix: first.shown.slice(0, first.shown.length - first.text.length),
          },
  };
}

function withDoubts(lines: readonly LogLine[], isUnordered: boolean): readonly LogLine[] {
  const doubtful = isUnordered ? lines.find(({ timeS }) => timeS !== null) : saidAgain(lines);
  const doubt = isUnordered ? 'order' : 'again';
  return doubtful == null ? lines : lines.map((line) => (line === doubtful ? { ...line, doubt } : line));
}

/** Records may stand in a text that was encoded, and their messages as well. */
function withoutMarkup(raw: readonly RawLine[]): readonly RawLine[] {
  const records = structuredLines(raw);
  if (records !== null) return plainLines(unquotePrintable(records));
  const plain = plainLines(unquotePrintable(raw));
  return structuredLines(plain) ?? plain;
}

function logLine(line: RawLine, text: string, known: Unprefixed | null): LogLine {
  const own = stripLogPrefix({ n: line.n, text });
  const found = own.stamped && !/\S/.test(own.text) ? null : known;
  // The prefix list knows a line's form to its end; behind an unknown one the message itself is looked for.
  const useFound =
    found !== null &&
    (found.before !== '' || !own.stamped) &&
    found.message.length < own.text.length + (own.stamped ? 0 : 1);
  const message = useFound ? found.message.trimStart() : own.text;
  const before = text.slice(0, text.length - message.length);
  const host = hostIn(before);
  const recorded = line.bootS !== undefined || line.wallS !== undefined;
  return {
    ...own,
    ...(host === null ? {} : { host }),
    text: withoutClosing(message, before),
    timeS: line.bootS ?? own.timeS ?? bootSeconds(before),
    wallS: line.wallS ?? wallClock(before),
    stamped: recorded || own.stamped || (useFound && isStamp(before)),
    shown: text,
    width: line.text.length,
  };
}

/** Texts that stood in one line, such as those between carriage returns, have its number and an order of their own. */
function inTheirOrder(lines: readonly LogLine[]): LogLine[] {
  let part = 0;
  return lines.map((line, index) => {
    part = index > 0 && line.n === lines[index - 1]?.n ? part + 1 : 0;
    return part === 0 ? line : { ...line, order: line.n + part / lines.length };
  });
}

/**
 * A line without seconds since boot is placed by its time of day: exactly if another line of the text has both, else
 * counted from the text's first time of day.
 */
function withWallTimes(all: readonly LogLine[]): LogLine[] {
  const walls = overNewYear(all.map(({ wallS }) => wallS));
  const lines = all.map((line, index) => ({ ...line, wallS: walls[index] ?? null }));
  const both = lines.find(({ timeS, wallS }) => timeS !== null && wallS !== null);
  const first = lines.reduce(
    (least, { wallS }) => (wallS === null ? least : Math.min(least, wallS)),
    Number.POSITIVE_INFINITY,
  );
  const zero = both === undefined ? first : Number(both.wallS) - Number(both.timeS);
  return lines.map((line) =>
    line.timeS === null && line.wallS !== null
      ? { ...line, timeS: line.wallS - zero, byWallClock: true }
      : line,
  );
}
