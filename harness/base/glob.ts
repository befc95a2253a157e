/** Globs over names: `*` is any text, `?` any one character; everything else is itself. */

export function isGlob(text: string): boolean {
  return /[*?]/.test(text);
}

/**
 * A test for `pattern`; a pattern without wildcards matches just itself. The pieces between the stars are looked for
 * from left to right and never again, so no pattern takes longer than its length times the text's.
 */
export function globTest(pattern: string): (text: string) => boolean {
  if (!isGlob(pattern)) return (text) => text === pattern;
  const pieces = pattern.split('*');
  const [first = ''] = pieces;
  const last = pieces.at(-1) ?? '';
  const between = pieces.slice(1, -1).filter((piece) => piece !== '');
  if (pieces.length === 1) return (text) => text.length === first.length && standsAt(text, first, 0);
  return (text) => {
    const end = text.length - last.length;
    if (end < first.length || !standsAt(text, first, 0) || !standsAt(text, last, end)) return false;
    let at = first.length;
    for (const piece of between) {
      const found = findPiece(text, piece, at, end);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return true;
  };
}

/** Where `piece` first stands in text[from..end), or -1. */
function findPiece(text: string, piece: string, from: number, end: number): number {
  for (let at = from; at + piece.length <= end; at++) if (standsAt(text, piece, at)) return at;
  return -1;
}

function standsAt(text: string, piece: string, at: number): boolean {
  for (let i = 0; i < piece.length; i++) if (piece[i] !== '?' && piece[i] !== text[at + i]) return false;
  return true;
}
