/** Which exhibits an audit looks at. Pure. */
import { UserError } from '../base/errors.ts';
import { suggestion } from '../base/suggest.ts';
import { isOf, type MuseumPiece } from '../lab/museum.ts';
import { TOPICS, type Topic } from '../matrix/exhibit.ts';
import { applyFilters } from '../plan/filter.ts';

/** The one that is named, by its commit (7 digits and more) or its file. Throws UserError with the nearest. */
export function namedPiece(pieces: readonly MuseumPiece[], word: string, option: string): MuseumPiece {
  const found = pieces.find((piece) => piece.name === word || isOf(piece, word));
  if (found !== undefined) return found;
  const names = pieces.flatMap(({ name, exhibit }) => [name, exhibit.commit]);
  throw new UserError(`${option} ${word}: the museum has no such commit`, suggestion(word, names));
}

/** Only these guests, by their settings and the axes of the exhibits; what shows in none of them is left out. Throws UserError as --filter does. */
export function inGuests(pieces: readonly MuseumPiece[], filters: readonly string[]): MuseumPiece[] {
  if (filters.length === 0) return [...pieces];
  const kept = new Set(
    applyFilters(
      pieces.flatMap(({ guests }) => guests.map(({ cell }) => cell)),
      filters,
    ),
  );
  return pieces
    .map((piece) => ({ ...piece, guests: piece.guests.filter(({ cell }) => kept.has(cell)) }))
    .filter(({ guests }) => guests.some(({ isDecisive }) => isDecisive));
}

/** Those of these topics, and of these names; all without any. Throws UserError for a word that fits nothing. */
export function choose(
  pieces: readonly MuseumPiece[],
  topics: readonly string[],
  words: readonly string[],
): MuseumPiece[] {
  for (const topic of topics)
    if (!TOPICS.includes(topic as Topic))
      throw new UserError(`--topic: there is no topic ${topic}`, suggestion(topic, TOPICS));
  const named = words.map((word) => namedPiece(pieces, word, '--fix'));
  const chosen = pieces.filter(
    (piece) =>
      (topics.length === 0 || topics.includes(piece.exhibit.topic)) &&
      (named.length === 0 || named.includes(piece)),
  );
  if (chosen.length === 0)
    throw new UserError(
      'no exhibit is left',
      `topics of the museum: ${[...new Set(pieces.map(({ exhibit }) => exhibit.topic))].join(', ')}`,
    );
  return chosen;
}
