/** Globs over names: `*` is any text, `?` any one character; everything else is itself. */

export function isGlob(text: string): boolean {
  return /[*?]/.test(text);
}

/** A test for `pattern`; a pattern without wildcards matches just itself. */
export function globTest(pattern: string): (text: string) => boolean {
  if (!isGlob(pattern)) return (text) => text === pattern;
  // Runs of stars are one star: otherwise a pattern of many stars would make the match slow.
  const escaped = pattern.replace(/\*+/g, '*').replace(/[\\^$.|+()[\]{}/-]/g, '\\$&');
  const expression = new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
  return (text) => expression.test(text);
}
