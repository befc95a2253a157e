/** Words for a POSIX shell. */

/** A # begins a comment only at the start of a word. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./-][A-Za-z0-9_@%+=:,./#-]*$/;

/** One word, whatever is in it. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** One word, quoted only if it has to be. */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : shellQuote(text);
}
