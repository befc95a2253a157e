// A matrix of 1 MiB may hold anything: it is read, or refused, in seconds.
import { expect, test } from 'vitest';
import { parseMatrix } from '../../harness/matrix/load.ts';
import { MatrixError } from '../../harness/matrix/problems.ts';
import { cpuMs } from '../support/cpu.ts';

const KERNEL = 'version: 1\nkernels: { k: { image: k } }\n';
const many = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('');
const presets = (count: number, bottom = 0): string =>
  `guests:\n${many(count, (i) => `  g${i}: { ${i > bottom ? `extends: g${i - 1}, ` : ''}smp: 1 }\n`)}`;

function problemsOf(text: string): string {
  try {
    parseMatrix(text, 'm.yaml');
    return '';
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
    return error.message;
  }
}

test.each([
  [
    'keys that are set again and again',
    `${KERNEL}${many(20_000, () => 'a: 1\n')}`,
    /the key "a" is already set on line 3/,
  ],
  ['lists for keys', `${KERNEL}${many(20_000, (i) => `? [${i}]\n: 1\n`)}`, /a key must be a word/],
  [
    'names that are not there',
    `version: 1\nkernels:\n${many(5000, (i) => `  k${i}: { image: k }\n`)}axes: { kernel: [${many(5000, (i) => `x${i},`)}] }\n`,
    /there is no kernel "x0" \(known/,
  ],
  [
    'a long chain of presets',
    `${KERNEL}${presets(4000)}axes: { guest: [g3999] }\n`,
    /the preset g51 rests on more than 50 others in a row/,
  ],
])('%s without end', (_, text, message) => {
  let told = '';
  const used = cpuMs(() => {
    told = problemsOf(text);
  });
  expect(used).toBeLessThan(4000);
  expect(told).toMatch(message);
});

test('25,000 kernels take time by their number', () => {
  const matrix = `version: 1\nkernels:\n${many(25_000, (i) => `  k${i}: { image: k }\n`)}`;
  // A search for each of them in all of them took seven times as long.
  expect(cpuMs(() => expect(problemsOf(matrix)).toBe(''))).toBeLessThan(4000);
});

test('a chain of presets of any sane length is followed', () => {
  expect(problemsOf(`${KERNEL}${presets(50)}axes: { guest: [g49] }\n`)).toBe('');
});

test('presets in a ring, and one that leads into it', () => {
  const ring = 'guests: { a: { extends: b }, b: { extends: a }, c: { extends: a } }\n';
  expect(problemsOf(`${KERNEL}${ring}`)).toMatch(/the preset a extends itself.*the preset b extends itself/s);
  expect(problemsOf(`${KERNEL}${ring}`)).not.toMatch(/preset c/);
});
