/** Inputs for the fuzz targets: pieces of what was really captured and of what parsers look for, put together and damaged. */
import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';

const CAPTURES = join(import.meta.dirname, '..', 'captures');
const MATRICES = join(import.meta.dirname, '..', '..', 'matrices');

/** Every file below a folder of the captures whose name ends so. */
export function captured(folder: string, ending = ''): Buffer[] {
  const root = join(CAPTURES, folder);
  const files = (readdirSync(root, { recursive: true, withFileTypes: true }) as Dirent[])
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (files.length === 0) throw new Error(`no captures in ${root}`);
  return files.map((file) => readFileSync(file));
}

export function matrices(): Buffer[] {
  return readdirSync(MATRICES)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => readFileSync(join(MATRICES, name)));
}

/** Lines of a corpus, each once. Latin-1, so that every byte stays itself. */
export function linesOf(corpus: readonly Buffer[]): string[] {
  return [...new Set(corpus.flatMap((file) => file.toString('latin1').split('\n')))].map(
    (line) => `${line}\n`,
  );
}

const ODDITIES = [
  '\0',
  '\r',
  '\n',
  '\t',
  ' ',
  '\x1b[31m',
  '\x1b]0;x\x07',
  '\x9b',
  '\xff',
  '\xe2\x80\xae',
  '\xf3\xa0\x81\x81',
  '\xef\xbb\xbf',
  '\xc2\x85',
  '[',
  '{',
  '"',
  "'",
  '\\',
  '\\x0',
  '0',
  '-1',
  '1e999',
  '99999999999999999999',
];
const MAX_PIECES = 24;

/** A text of pieces. */
const piecesOf = (pieces: readonly string[]): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(...pieces) },
        { weight: 2, arbitrary: fc.constantFrom(...ODDITIES) },
        { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
      ),
      { maxLength: MAX_PIECES },
    )
    .map((parts) => parts.join(''));

interface Edit {
  readonly at: number;
  readonly drop: number;
  readonly put: string;
  readonly times: number;
}
const edit: fc.Arbitrary<Edit> = fc.record({
  /** As a share of the input's length. */
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  drop: fc.constantFrom(0, 0, 1, 2, 16, 400),
  put: fc.oneof(fc.constantFrom(...ODDITIES), fc.string({ unit: 'binary', maxLength: 4 })),
  times: fc.constantFrom(0, 1, 1, 1, 3, 200),
});

function edited(text: string, { at, drop, put, times }: Edit): string {
  const from = Math.floor(at * text.length);
  return text.slice(0, from) + put.repeat(times) + text.slice(from + drop);
}

/** Texts of pieces with some edits, as bytes. */
export function damaged(pieces: readonly string[], wholes: readonly Buffer[] = []): fc.Arbitrary<Buffer> {
  const whole = wholes.map((file) => file.toString('latin1'));
  const start = fc.oneof(
    { weight: 9, arbitrary: piecesOf(pieces) },
    ...(whole.length === 0 ? [] : [{ weight: 1, arbitrary: fc.constantFrom(...whole) }]),
  );
  return fc
    .tuple(start, fc.array(edit, { maxLength: 4 }))
    .map(([text, edits]) => Buffer.from(edits.reduce(edited, text), 'latin1'));
}
