/** Text that may come from a guest or a user, made safe for where it is shown. */
import { LINE_CAP_CHARS, neutralise, ODD_CLASS } from './neutralise.ts';

/** One line of sane length without anything that acts on a terminal or that XML 1.0 forbids. */
export function oneLine(text: string): string {
  const flat = text
    .trim()
    .replaceAll(/\s+/g, (blanks) => (/[\r\n]/.test(blanks) ? ' ' : blanks))
    .replaceAll('\t', ' ');
  return cut(harmless(flat));
}

/** Text of several lines for a terminal: as oneLine, with line feeds, tabs and the spaces at either end kept. */
export function block(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => cut(harmless(line)))
    .join('\n');
}

/**
 * Also without what a CI's runner takes for a command if a line begins with it, be it after spaces: "::error::" and
 * "##[error]" (GitHub), "##vso[" (Azure), "##teamcity[". A word in the middle may begin a line where text is wrapped.
 */
function harmless(line: string): string {
  return neutralise(line).replaceAll(/(?<!\S)(?:::(?=\w)|##(?=\[|vso\[|teamcity\[))/g, (mark) =>
    mark === '::' ? '\\x3a:' : '\\x23#',
  );
}

function cut(line: string): string {
  // Cut in the middle of a pair, the first half would be no character.
  return line.length <= LINE_CAP_CHARS ? line : `${line.slice(0, LINE_CAP_CHARS).toWellFormed()} [cut]`;
}

/** The same for text of several lines. */
export function lines(text: string): string {
  return text.split(/\r?\n/).map(oneLine).join('\n');
}

/**
 * One line as literal text in GitHub-flavoured markdown, also inside a table. The empty comment keeps
 * "@name", "#1", "https://" and "www." from becoming a mention or a link, which no backslash does.
 */
export function markdown(text: string): string {
  return oneLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]|~$]/g, (c) => `\\${c}`)
    .replaceAll(/[@#](?=\w)|:(?=\/\/)|\bwww(?=\.)/gi, (c) => `${c}<!-- -->`);
}

const BEYOND_ASCII = new RegExp(`(?![\\x00-\\x7e])[${ODD_CLASS}]`, 'gu');

/** JSON whose characters beyond ASCII that act on a terminal or hide text are escapes; it parses to the same value. */
export function json(value: unknown, indent = 2): string {
  return JSON.stringify(value, null, indent).replaceAll(BEYOND_ASCII, (c) =>
    [...Array(c.length).keys()].map((i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
}

/** Text of several lines as it is, tabs as eight spaces, in a fence longer than any run of backticks inside. */
export function fenced(text: string, language: string): string {
  const body = text
    .split('\n')
    .map((line) => oneLine(`|${line}`.replaceAll('\t', '        ')).slice(1))
    .join('\n');
  const longest = Math.max(2, ...[...body.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${body}\n${fence}`;
}
