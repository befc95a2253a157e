import { expect, test } from 'vitest';
import { globTest } from '../../harness/base/glob.ts';
import { cpuMs } from '../support/cpu.ts';

test.each([
  ['debian-*', ['debian-', 'debian-6.1'], ['debian', 'x-debian-6.1']],
  ['*-6.1', ['debian-6.1', '-6.1'], ['debian-6.1.2', '6.1']],
  ['a*b*c', ['abc', 'a-b-b-c', 'abcbc'], ['acb', 'ab', 'ac']],
  ['*a*', ['a', 'bab'], ['', 'b']],
  ['a*a', ['aa', 'aba'], ['a']],
  ['?', ['x', '.'], ['', 'xy']],
  ['6.?', ['6.1'], ['6-1', '6.12']],
  ['a?*?b', ['axyb', 'axxxb'], ['axb', 'ab']],
  ['*?a?*', ['xax', 'xxaxx'], ['ax', 'xa']],
  ['**', ['', 'anything'], []],
  ['[ab]*', ['[ab]', '[ab]c'], ['a']],
])('%s', (pattern, matching, others) => {
  const test = globTest(pattern);
  for (const text of matching) expect(test(text), text).toBe(true);
  for (const text of others) expect(test(text), text).toBe(false);
});

test('many stars cost no more than their number', () => {
  const name = 'a'.repeat(200);
  expect(cpuMs(() => globTest(`${'*a'.repeat(40)}*b`)(name))).toBeLessThan(1000);
});

test('it says what the expression of the same meaning says', () => {
  const letters = ['a', 'b', '*', '?'];
  const words = (length: number, from: readonly string[]): string[] =>
    length === 0
      ? ['']
      : words(length - 1, from).flatMap((word) => [word, ...from.map((letter) => word + letter)]);
  const texts = [...new Set(words(4, ['a', 'b']))];
  for (const pattern of new Set(words(4, letters))) {
    const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
    const test = globTest(pattern);
    for (const text of texts) expect(test(text), `${pattern} on ${text}`).toBe(expression.test(text));
  }
});
