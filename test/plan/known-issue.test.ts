// Rules of known issues: what stays of a cell's expectation without them, and what such a rule may say.
import { expect, test } from 'vitest';
import { complaints as matrixComplaints } from '../matrix/helpers.ts';
import { cell } from './helpers.ts';

const RULES = `expect:
  - { registration: refined, accuracy-ppm: 5 }
  - { when: { kernel: a }, registration: never, reason: old, until: 2026-12-31 }
  - { when: { kernel: a }, current: hpet }
`;

test('the other rules say what is expected once it is gone; other cells know nothing of it', () => {
  const { expectation } = cell(RULES, 'a.tcg.deterministic');
  expect(expectation).toEqual({
    registration: ['never'],
    current: ['hpet'],
    accuracyPpm: 5,
    from: ['expect[0]', 'expect[1]', 'expect[2]'],
    known: {
      reason: 'old',
      until: '2026-12-31',
      rule: 'expect[1]',
      otherwise: {
        registration: ['refined'],
        current: ['hpet'],
        accuracyPpm: 5,
        from: ['expect[0]', 'expect[2]'],
      },
    },
  });
  expect(cell(RULES, 'b.tcg.deterministic').expectation.known).toBeUndefined();
});

test.each([
  [
    '{ registration: never, url: "https://example.org/" }',
    'url and until are of a known issue, which needs its reason',
  ],
  ['{ registration: never, until: 2026-12-31 }', 'which needs its reason'],
  ['{ reason: it is so }', 'expects nothing'],
  ['{ registration: never, reason: x, until: 2026-02-30 }', 'must be a day such as 2026-12-31'],
  ['{ registration: never, reason: x, until: tomorrow }', 'must be a day such as 2026-12-31'],
  ['{ registration: never, reason: x, url: "file:///etc" }', 'must be an address that begins with'],
  ['{ registration: never, reason: "a\\nb" }', 'must be one line of at most 200 characters'],
  ['{ registration: never, reason: "" }', 'must be one line of at most 200 characters'],
])('%s is an error at its line', (rule, message) => {
  expect(matrixComplaints(`expect: [${rule}]\n`).join('\n')).toContain(message);
});
