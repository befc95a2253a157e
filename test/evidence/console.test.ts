import { expect, test } from 'vitest';
import { LINE_CAP_CHARS, neutralise } from '../../harness/base/neutralise.ts';
import { readConsole } from '../../harness/evidence/console.ts';

const read = (text: string | Uint8Array) => readConsole(typeof text === 'string' ? Buffer.from(text) : text);
const texts = (text: string | Uint8Array) => read(text).map((line) => line.text);

test('lines are numbered from 1, and an unfinished last line counts', () => {
  expect(read('a\n\nb').map(({ n, text }) => [n, text])).toEqual([
    [1, 'a'],
    [2, ''],
    [3, 'b'],
  ]);
  expect(read('')).toEqual([]);
});

test('offsets cover the whole input, line ends included', () => {
  const lines = read('ab\r\ncd\n');
  expect(lines.map(({ start, end }) => [start, end])).toEqual([
    [0, 4],
    [4, 7],
  ]);
});

test('CRLF and doubled carriage returns end a line without leaving a trace', () => {
  expect(read('one\r\ntwo\r\r\n').map(({ text, altered }) => [text, altered])).toEqual([
    ['one', false],
    ['two', false],
  ]);
});

test('a carriage return inside a line starts a text of its own with the same number', () => {
  expect(read('10%\r20%\nnext\n').map(({ n, text }) => [n, text])).toEqual([
    [1, '10%'],
    [1, '20%'],
    [2, 'next'],
  ]);
});

test('text with carriage returns alone is split at them', () => {
  expect(texts('one\rtwo\rthree')).toEqual(['one', 'two', 'three']);
});

test('escape sequences are removed and the line is marked as altered', () => {
  const [line] = read('\x1b[31mred\x1b[0m \x1b]0;title\x07end\x1bc');
  expect(line).toMatchObject({ text: 'red end', altered: true });
});

test('no control character survives, whatever the bytes are', () => {
  const every = Uint8Array.from({ length: 256 }, (_, i) => i);
  const shown = texts(every).join('');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  expect(shown).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/);
  expect(shown).toContain('\\x00');
  expect(shown).toContain('\\xff');
});

test('an unfinished escape sequence cannot reach the terminal', () => {
  expect(texts('\x1b[')).toEqual(['\\x1b[']);
  expect(texts('\x9b31m')).toEqual(['\\x9b31m']);
});

test('characters that reorder text are written out; other letters stay', () => {
  expect(neutralise('a\u202eb')).toBe('a\\u{202e}b');
  expect(texts('grün 時間')).toEqual(['grün 時間']);
});

test('a very long line is cut with a mark', () => {
  const [line] = read('x'.repeat(3_000_000));
  expect(line?.text.length).toBeLessThan(LINE_CAP_CHARS + 20);
  expect(line?.text.endsWith('[cut]')).toBe(true);
  expect(line?.altered).toBe(true);
});

test('what a terminal shows nothing of is written out, whatever block of Unicode it is in', () => {
  const hidden = [
    0xad, 0x34f, 0x115f, 0x180e, 0x200b, 0x202e, 0x2028, 0x2800, 0x3164, 0xfe0f, 0xfeff, 0xffa0,
  ];
  for (const code of [...hidden, 0xe0041, 0xe0100, 0x1d173, 0xfffe, 0x1ffff])
    expect(neutralise(`a${String.fromCodePoint(code)}b`)).toBe(
      code > 0xff ? `a\\u{${code.toString(16)}}b` : `a\\x${code.toString(16)}b`,
    );
  // Letters, marks and pictures of people's languages stay.
  for (const text of ['\u00e4\u4e2d\u0915\u093f', 'e\u0301', '\u2713 \u{1f600}'])
    expect(neutralise(text)).toBe(text);
});
