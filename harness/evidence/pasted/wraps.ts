/** Lines that a mail program or a terminal has broken, joined again. */
import type { LogLine } from '../log-lines.ts';
import { bestFormat, isMessage } from '../messages.ts';
import { SOFT_BREAK } from './markup.ts';

/** A line may have been broken into so many. */
const MOST_PARTS = 8;
/** Where programs break lines; a text none of whose lines is longer was broken there. */
const WIDTHS = { least: 60, most: 100 };

/** Messages of any length whose rest matters: parameters and CPU flags. */
const LONG = /^(?:Kernel command line|Command line): |^[Ff]lags *:/;

/** The end of a command that a terminal broke at its edge. */
const SYSFS = /\/sys\/\S*\/(?:available|current)_clocksource$/;

const isBrokenPath = (open: string, next: string): boolean =>
  /\/sys\//.test(open) && !/\s/.test(next) && !SYSFS.test(open) && SYSFS.test(open + next);

function further(joined: string, before: string): boolean {
  const [now, then] = [bestFormat(joined), bestFormat(before)];
  return now.words > then.words && now.literals >= then.literals && now.literals >= 2;
}

const isAllOf = ({ words }: { readonly words: number }, text: string): boolean =>
  words >= text.split(/ +/).length;

/** The message with its next part, if that makes it more of a known one; null if the line stands for itself. */
function join(
  open: LogLine,
  next: LogLine,
  width: number | null,
  isCut: (line: LogLine) => boolean,
): string | null {
  if (next.text === '' || next.stamped) return null;
  // What is a message by itself may be the end of a longer one, if that is whole then.
  const both = `${open.text} ${next.text}`;
  const [own, all] = [bestFormat(next.text), bestFormat(both)];
  // Its end may have been broken off again: then it is a part of the longer one to its last word, and of no other.
  const isPart = all.whole || (isAllOf(all, both) && !isAllOf(own, next.text));
  if (isMessage(next.text) && (!isPart || all.literals <= own.literals || bestFormat(open.text).whole))
    return null;
  // A break between words first; one within a word has the blank neither here nor there.
  for (const glue of [' ', '']) {
    // A soft line end of quoted-printable may be all that is left of it.
    const begun = open.text.replace(SOFT_BREAK, '');
    const joined = `${glue === '' ? begun : begun.trimEnd()}${glue}${next.text}`;
    if (isMessage(joined) && further(joined, begun)) return joined;
  }
  // A mask is all of one digit: the message is whole without its second part, and another one.
  if (/ mask: f+$/.test(open.text) && /^f+$/.test(next.text)) return `${open.text}${next.text}`;
  if (isCut(open) && isMessage(open.text)) return `${open.text}${next.text}`;
  return LONG.test(open.text) && width !== null && open.width >= width - 25
    ? `${open.text} ${next.text}`
    : null;
}

function wrapWidth(lines: readonly LogLine[]): number | null {
  const longest = lines.reduce((most, { width }) => Math.max(most, width), 0);
  return longest >= WIDTHS.least && longest <= WIDTHS.most ? longest : null;
}

/** So many lines that go on, nearly all of one length, and none longer: a terminal cut them there, in the middle of words. */
const LINES_THAT_ARE_CUT = 3;
const SHARE_OF_ONE_LENGTH = 0.8;

/** Whether a line of a text was cut by a terminal at its edge. */
function cutAt(lines: readonly LogLine[]): (line: LogLine) => boolean {
  const longest = lines.reduce((most, { width }) => Math.max(most, width), WIDTHS.least);
  const goOn = lines.filter(({ stamped }, index) => {
    const next = lines[index + 1];
    return stamped && next !== undefined && !next.stamped && next.text !== '';
  });
  const full = goOn.filter(({ width }) => width === longest).length;
  const cut = full >= LINES_THAT_ARE_CUT && full >= goOn.length * SHARE_OF_ONE_LENGTH;
  return ({ width }) => cut && width === longest;
}

/** `isOther`: lines that are no part of a log, such as commands and what they print. */
export function joinWraps(lines: readonly LogLine[], isOther: (line: LogLine) => boolean): LogLine[] {
  const width = wrapWidth(lines);
  const isCut = cutAt(lines);
  const out: LogLine[] = [];
  let parts = 1;
  for (const [index, line] of lines.entries()) {
    const open = out.at(-1);
    // Forums set a blank line between all lines: one within a message that is whole without it does not count.
    const after = lines[index + 1];
    if (line.text === '' && open !== undefined && after !== undefined && !isOther(after)) {
      const joined = join(open, after, null, () => false);
      if (joined !== null && bestFormat(joined).literals > bestFormat(open.text).literals) continue;
    }
    // A prefix alone on its line: the message stands on the next.
    if (
      open?.stamped === true &&
      /^(?:clocksource:|tsc:|TSC:)?$/.test(open.text) &&
      !line.stamped &&
      isMessage(line.text)
    ) {
      out[out.length - 1] = {
        ...open,
        text: `${open.text} ${line.text}`.trimStart(),
        shown: `${open.shown} ${line.shown}`,
        width: line.width,
      };
      continue;
    }
    if (open !== undefined && isBrokenPath(open.text, line.text)) {
      out[out.length - 1] = {
        ...open,
        text: `${open.text}${line.text}`,
        shown: `${open.shown}${line.shown}`,
      };
      continue;
    }
    const joined =
      open === undefined || parts >= MOST_PARTS || isOther(line) || isOther(open)
        ? null
        : join(open, line, width, isCut);
    if (open === undefined || joined === null) {
      out.push(line);
      parts = 1;
      continue;
    }
    parts += 1;
    out[out.length - 1] = { ...open, text: joined, shown: `${open.shown} ${line.shown}`, width: line.width };
  }
  return out;
}
