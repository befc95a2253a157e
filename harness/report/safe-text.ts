/** Text that may come from a guest or a user, made safe for where it is shown. */
import { neutralise } from '../evidence/console.ts';

/** One line without anything that acts on a terminal or that XML 1.0 forbids. */
export function oneLine(text: string): string {
  const flat = text
    .trim()
    .replaceAll(/\s*[\r\n]+\s*/g, ' ')
    .replaceAll('\t', ' ');
  return neutralise(flat.toWellFormed()).replaceAll(/[\ufffe\uffff]/g, '\ufffd');
}

/** The same for text of several lines. */
export function lines(text: string): string {
  return text.split(/\r?\n/).map(oneLine).join('\n');
}

/**
 * One line as literal text in GitHub-flavoured markdown, also inside a table. The empty comment keeps
 * "@name" and "#1" from becoming a mention or a link, which no backslash does.
 */
export function markdown(text: string): string {
  return oneLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]|~$]/g, (c) => `\\${c}`)
    .replaceAll(/[@#](?=\w)/g, (c) => `${c}<!-- -->`);
}

/** JSON whose characters beyond ASCII that act on a terminal are escapes; it parses to the same value. */
export function json(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
