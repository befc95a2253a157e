/** HTML as a value of its own type: text becomes part of it only escaped. */
import { neutralise } from '../../base/neutralise.ts';

export interface Markup {
  readonly markup: string;
}
type Part = Markup | string | number | null | false | readonly (Markup | null)[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text of several lines without anything that acts on a terminal or reorders what is read; control characters as \xHH. */
export function visible(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => neutralise(line.toWellFormed()))
    .join('\n');
}

/** For element content and quoted attributes alike. */
export function escapeText(text: string): string {
  return visible(text).replaceAll(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
}

/** A template whose values are escaped, unless they are markup already. Null and false leave nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let markup = strings[0] ?? '';
  parts.forEach((part, i) => {
    markup += partText(part) + (strings[i + 1] ?? '');
  });
  return { markup };
}

/** Text that is HTML because we made it so; never for text from outside. */
export function trusted(markup: string): Markup {
  return { markup };
}

function partText(part: Part): string {
  if (part === null || part === false) return '';
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escapeText(part);
  if ('markup' in part) return part.markup;
  return part.map((one) => one?.markup ?? '').join('');
}
