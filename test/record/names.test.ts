import { expect, test } from 'vitest';
import { isPlainName } from '../../harness/record/run-folder.ts';

test.each(['v6.1 hpet=on', 'a', 'größe', 'x'.repeat(250)])('%j is a name of a file in a record', (name) => {
  expect(isPlainName(name)).toBe(true);
});

// What is shown as another name, or as none, is not only in ASCII.
test.each([
  '',
  '.',
  '../x',
  '-x',
  ' x',
  'a/b',
  'a\\b',
  'a\nb',
  'a\x1b[31m',
  'a\u202egnp.exe',
  'a\u2066b',
  'a\u200bb',
  'a\u{e0041}b',
  'a\u180eb',
  'a\u3164',
  'a\ufe0f',
  'a\ufeff',
  'x'.repeat(251),
])('%j is none', (name) => {
  expect(isPlainName(name)).toBe(false);
});
