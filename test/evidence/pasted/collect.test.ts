// The bytes of a log to its lines: of a small one all, of a large one those near a word of the clocks'.
import { describe, expect, test } from 'vitest';
import { collectLines } from '../../../harness/evidence/pasted/collect.ts';

const MIB = 1024 * 1024;

function collected(...chunks: (string | Uint8Array)[]) {
  const collector = collectLines();
  for (const chunk of chunks) collector.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return collector.end();
}
const texts = (...chunks: (string | Uint8Array)[]) =>
  collected(...chunks).lines.map(({ n, text }) => [n, text]);

test.each<[string, string | Uint8Array, (string | number)[][]]>([
  [
    'with a last line end and without',
    'a\nb',
    [
      [1, 'a'],
      [2, 'b'],
    ],
  ],
  [
    'with carriage returns at the end',
    'a\r\nb\r\n',
    [
      [1, 'a'],
      [2, 'b'],
    ],
  ],
  [
    'with carriage returns within',
    '\ra\r\rb\nc\n',
    [
      [1, 'a'],
      [1, 'b'],
      [2, 'c'],
    ],
  ],
  [
    'with zero bytes',
    'a\0\0b\n\0\n',
    [
      [1, 'ab'],
      [2, ''],
    ],
  ],
  ['of another coding, with zero bytes', Buffer.from('M\xe4r\0z\n', 'latin1'), [[1, 'M\\xe4rz']]],
  [
    'empty ones',
    '\n\na\n',
    [
      [1, ''],
      [2, ''],
      [3, 'a'],
    ],
  ],
])('lines %s', (_, text, expected) => {
  expect(texts(text)).toEqual(expected);
});

test.each([
  ['', true],
  [' \n\t\n\0\0\n', true],
  ['\n\na\n\n', false],
])('%j is blank: %s', (text, is) => expect(collected(text).isBlank).toBe(is));

describe('a line of more than a mebibyte is cut there, and the next one has its number', () => {
  const long = 'x'.repeat(MIB + 1000);
  const lengths = (...chunks: string[]) => collected(...chunks).lines.map(({ n, text }) => [n, text.length]);
  test.each<[string, string[]]>([
    ['in one chunk', [`a\n${long}\nb\n`]],
    ['over chunks', ['a\n', long.slice(0, 700), long.slice(700), '\nb\n']],
    ['in many', ['a\nx', ...(long.slice(1).match(/.{1,100000}/g) ?? []), '\nb\n']],
    ['that begins behind a whole line', [`a\n${long}`, '\nb\n']],
  ])('%s', (_, chunks) => {
    expect(lengths(...chunks)).toEqual([
      [1, 1],
      [2, MIB],
      [3, 1],
    ]);
  });
  test('at the end', () => {
    expect(lengths(`a\n${long}`)).toEqual([
      [1, 1],
      [2, MIB],
    ]);
  });
});

describe('of more than 50,000 lines', () => {
  test.each([
    [49_999, 0, []],
    [50_000, 0, []],
    [50_001, 1, [25_001]],
    [60_000, 10_000, [25_001, 35_000]],
    [75_000, 25_000, [25_001, 50_000]],
    [110_000, 60_000, [25_001, 85_000]],
  ])('%i: %i are left out in the middle', (count, omitted, gap) => {
    const got = collected(Array.from({ length: count }, (_, i) => `${i + 1}\n`).join(''));
    expect([got.omitted, got.lines.length]).toEqual([omitted, count - omitted]);
    expect(got.lines.every(({ n, text }) => text === String(n))).toBe(true);
    expect(got.lines.at(-1)?.n).toBe(count);
    const [first, last = first] = gap;
    expect(got.lines.findIndex(({ n }) => n === first || n === last)).toBe(-1);
    if (first !== undefined) expect(got.lines[first - 1]?.n).toBe(Number(last) + 1);
  });
});

describe('a large log', () => {
  const noise = `${'n'.repeat(999)}\n`;
  const whole = noise.repeat(4200);
  const rows = (marks: readonly number[], count = 30) =>
    Array.from({ length: count }, (_, i) => (marks.includes(i) ? 'tsc\n' : `row ${i}\n`)).join('');
  /** The rows that are kept of the second part, from 0. */
  const kept = (...chunks: string[]) => {
    const { lines, omitted } = collected(whole, ...chunks);
    expect(lines.length + omitted).toBe(4200 + chunks.join('').split('\n').length - 1);
    return lines.flatMap(({ n }) => (n > 4200 ? [n - 4201] : []));
  };
  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const last = range(26, 29);

  test('of 4 MiB and less is kept', () => {
    expect(collected(noise.repeat(4194), rows([])).omitted).toBe(0);
  });
  test.each<[string, number[], number[]]>([
    ['none', [], []],
    ['one', [10], range(7, 13)],
    ['the first line', [0], range(0, 3)],
    ['the second line', [1], range(0, 4)],
    ['two that are near', [10, 12], range(7, 13)],
    ['two that are just apart', [8, 15], range(5, 18)],
    ['the last lines', [24], range(21, 25)],
  ])('is sifted: %s', (_, marks, expected) => {
    const near = [...new Set([...expected, ...last])].sort((a, b) => a - b);
    expect(kept(rows(marks))).toEqual(near);
  });
  test('parts of a line in several chunks are one line', () => {
    const text = rows([10]);
    const at = text.indexOf('tsc') + 1;
    const got = collected(whole, text.slice(0, at), text.slice(at));
    expect(got.lines.filter(({ text }) => text === 'tsc').map(({ n }) => n)).toEqual([4211]);
    expect(got.lines.length + got.omitted).toBe(4230);
  });
  test('words in large letters count, and those beside them that are no word do not', () => {
    expect(kept(rows([]).replace('row 10\n', 'HPET\n'))).toEqual([...range(7, 13), ...last]);
  });
  test.each([
    ['x', false],
    [' ', true],
  ])('that is blank but for %j in what is passed over', (row, is) => {
    const blank = whole.replaceAll('n', ' ');
    expect(collected(blank, `${'\n'.repeat(20)}${row}${'\n'.repeat(20)}`).isBlank).toBe(is);
  });
});
