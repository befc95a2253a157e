/** What mail programs, browsers and ticket systems did to a text, undone: lines in, lines out. */
import { decodeHTML } from 'entities';
import { unframed } from './frames.ts';
import type { RawLine } from './structured.ts';

const TAG =
  /<\/?(?:a|b|blockquote|body|br|code|dd|div|dl|dt|em|font|h[1-6]|hr|html|i|kbd|li|ol|p|pre|s|samp|small|span|strong|sub|sup|table|tbody|td|th|thead|tr|tt|u|ul)(?:\s[^<>]{0,300})?\/?>/gi;
/** An element of any other name around a whole line. */
const ELEMENT = /^\s*<([A-Za-z][\w.:-]{0,40})(?:\s[^<>]{0,300})?>(.*)<\/\1>\s*$/;
/** What is left where a text was encoded twice. */
const ENTITY = /&(?:#\d{1,6}|#x[\da-f]{1,6}|amp|lt|gt|quot|apos|nbsp);/i;
const BREAK = /<(?:br|\/p|\/div|\/li|\/tr|\/pre|hr)\s*\/?>/gi;
/** Jira, Confluence and BBCode. */
const BLOCK_MARK =
  /\{(?:quote|code|noformat|panel|color)(?:[:=][^{}]{0,80})?\}|\[\/?(?:code|quote|b|i|pre)(?:=[^\]]{0,80})?\]/gi;
/** Blanks that are not U+0020, and characters of no width, which no kernel prints. */
const BLANKS = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g;
const NO_WIDTH = /[\u00ad\u200b-\u200d\u2060\ufeff]/g;
const QUOTES: readonly (readonly [RegExp, string])[] = [
  [/[\u2018\u2019\u201a\u201b\u2032\u00b4\u02bc]/g, "'"],
  // `tsc' and ``tsc'', as typesetters and old manuals quote.
  [/``([\w.-]+)''|`([\w.-]+)'/g, "'$1$2'"],
  [/[\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb]/g, '"'],
];

function unquoted(text: string): string | null {
  try {
    return String(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Several lines written as one, by a JSON string or a shell that shows its escapes. */
function splitEscapes(line: RawLine): RawLine[] {
  const whole = /^\s*(".*\\.*")[,;]?\s*$/.exec(line.text)?.[1];
  const read = whole === undefined ? null : unquoted(whole);
  if (read !== null) return read.split(/\r?\n/).map((text) => ({ ...line, text }));
  // Bytes as Python shows them.
  const shown = /^\s*b?'(.*\\n.*)'\s*$/.exec(line.text)?.[1] ?? line.text;
  const parts = shown.split(/\\r?\\n|\\n/);
  return parts.length < 3 && !/\\n(?:\[|<\d|\s|tsc|clocksource)/.test(line.text)
    ? [line]
    : parts.map((text) => ({ ...line, text }));
}

function plainLine(line: RawLine): RawLine[] {
  let { text } = line;
  if (text.includes('<') || text.includes('&') || text.includes('{') || text.includes('[')) {
    // "&lt;6&gt;" is a level of the kernel's, so tags are taken off before entities are decoded.
    const parts = text
      .split(BREAK)
      .map((part) => decoded(part.replace(ELEMENT, '$2').replaceAll(TAG, '').replaceAll(BLOCK_MARK, ' ')));
    if (parts.length > 1)
      return parts.filter((part) => part.trim() !== '').flatMap((part) => tidy({ ...line, text: part }));
    text = parts[0] ?? '';
  }
  return tidy({ ...line, text });
}

function decoded(text: string): string {
  const once = decodeHTML(text);
  return ENTITY.test(once) ? decodeHTML(once) : once;
}

function tidy(line: RawLine): RawLine[] {
  let text = line.text.replaceAll(BLANKS, ' ').replaceAll(NO_WIDTH, '');
  for (const [pattern, plain] of QUOTES) text = text.replaceAll(pattern, plain);
  return [{ ...line, text }];
}

/** "Clocksource tsc unstable (delta = ... ns)" has such a sign of its own. */
export const SOFT_BREAK = /(?<!\(delta )=$/;
/** What was put in front of every line after it had been encoded: quotes, numbers, names of files, bullets. */
const LEAD = /^(?:[\s>|*+`-]|(?:[\w./-]+:)?\d+[:|\t])+/;
/** "hugepages=2048" is not. */
const ENCODED = /=(?:3D|(?:20|09)$|C2=A0|E2=80)/i;

/** Quoted-printable (RFC 2045, 6.7): soft line breaks joined, bytes decoded. Only if the text shows that it is. */
export function unquotePrintable(lines: readonly RawLine[]): readonly RawLine[] {
  const soft = lines.filter(
    ({ text }) => SOFT_BREAK.test(text) && text.length >= 60 && text.length <= 80,
  ).length;
  const encoded = lines.some(({ text }) => ENCODED.test(text));
  if (!encoded && soft < 1) return lines;
  const out: RawLine[] = [];
  let open: RawLine | null = null;
  for (const line of lines) {
    const text: string =
      open === null ? line.text : open.text + line.text.replace(LEAD.test(open.text) ? LEAD : '', '');
    const whole: RawLine = open === null ? line : { ...open, text };
    if (SOFT_BREAK.test(text) && (line.text.length <= 80 || encoded)) {
      open = { ...whole, text: text.slice(0, -1) };
      continue;
    }
    out.push(whole);
    open = null;
  }
  if (open !== null) out.push(open);
  return out.map((line) => (line.text.includes('=') ? { ...line, text: decodeBytes(line.text) } : line));
}

function decodeBytes(text: string): string {
  return text.replaceAll(/(?:=[0-9A-F]{2})+/g, (bytes) =>
    new TextDecoder().decode(Uint8Array.from(bytes.slice(1).split('='), (pair) => Number.parseInt(pair, 16))),
  );
}

/**
 * Tags, entities, quotes, blanks and written-out line ends undone. If a line held several, all are numbered as they are
 * then: nobody can find a line by its number in a text of one.
 */
export function plainLines(lines: readonly RawLine[]): RawLine[] {
  const plain = unframed(lines).flatMap(splitEscapes).flatMap(plainLine);
  const isSplit =
    plain.some(({ n }, index) => index > 0 && n === plain[index - 1]?.n) &&
    lines.every(({ n }, index) => n !== lines[index - 1]?.n);
  return isSplit ? plain.map((line, index) => ({ ...line, n: index + 1 })) : plain;
}
