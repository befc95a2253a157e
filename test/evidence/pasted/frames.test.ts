// What an editor, a table or a list has put around the lines of a text is no part of them.
import { expect, test } from 'vitest';
import { unframed } from '../../../harness/evidence/pasted/frames.ts';
import { readPasted } from '../../../harness/evidence/pasted/read-pasted.ts';

const LOG = [
  "[   90.1] clocksource: 'hpet' wd_nsec: 12002334",
  'wd_now: 2b1a11 wd_last: 2a1c12 mask: ffffffff',
  '[   90.2] clocksource: Switched to clocksource hpet',
  '[   90.3] a last line',
];
const numbered = (lines: readonly string[]) => lines.map((text, index) => ({ n: index + 1, text }));
const off = (lines: readonly string[]) => unframed(numbered(lines)).map(({ text }) => text.trim());

test.each<[string, (text: string, index: number) => string]>([
  ['cat -A', (text) => `${text}$`],
  ['cat -n', (text, i) => `${String(i + 1).padStart(6)}\t${text}`],
  ['numbers and dots', (text, i) => `${i + 1}. ${text}`],
  ['numbers and bars', (text, i) => `${i + 41} | ${text}`],
  ['a table', (text) => `| ${text} |`],
  ['a table with numbers', (text, i) => `| ${i + 1} | ${text} |`],
  ['a table with numbers and back quotes', (text, i) => `| ${i + 1} | \`${text}\` |`],
  ['back quotes', (text) => ` \`${text}\``],
  ['texts in JSON', (text) => `  ${JSON.stringify(text)},`],
])('%s', (_, frame) => {
  expect(off(LOG.map(frame))).toEqual(LOG);
});

test.each<[string, readonly string[]]>([
  ['one line with a mark', ['a log$']],
  ['a mark on few lines', ['a$', 'b', 'c', 'd$']],
  ['numbers that do not count up', ['12 a', '15 b', '11 c', '40 d']],
  ['two numbers below each other in a text', ['1 a', '2 b', 'c', 'd', 'e', 'f']],
  ['times of day', ['07:03:06 a', '08:03:06 b', '09:03:06 c']],
  ['seconds', ['1.000 a', '2.000 b', '3.000 c']],
  ['nothing', []],
])('%s stay', (_, lines) => {
  expect(off(lines)).toEqual(lines);
});

test('a table with a head, and a list with its brackets', () => {
  const rows = LOG.map((text, index) => `| ${index + 1} | ${text} |`);
  expect(off(['| n | line |', '|---|---|', ...rows]).slice(2)).toEqual(LOG);
  expect(off(['[', ...LOG.map((text) => `"${text}",`), ']']).slice(1, -1)).toEqual(LOG);
});

test('two lines are enough', () => {
  expect(off(['1: a', '2: b'])).toEqual(['a', 'b']);
  expect(off(['a$', 'b$'])).toEqual(['a', 'b']);
});

test('a line that is numbered once and was broken then', () => {
  const lines = ['1 a', 'b', '2 c', 'd', '3 e'];
  expect(off(lines)).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('a text that is no JSON in spite of its quotes, and tabs that cat shows', () => {
  expect(off(['"a \\x b",', '"c"'])).toEqual(['a \\x b', 'c']);
  expect(off(['a^Ib$', 'c$'])).toEqual(['a b', 'c']);
});

test('the number of a line is no digit of the figure that a broken message ends in', () => {
  const text = LOG.map((line, index) => `${index + 1}\t${line}`);
  expect(readPasted(numbered(text)).lines[0]?.text).toContain('wd_nsec: 12002334 wd_now: 2b1a11');
});
