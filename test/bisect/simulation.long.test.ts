// The noise model against an oracle that is wrong at a known rate, seeded: the same trials every time.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { randomFrom, simulateFixed, simulateSearch, tabulate } from '../support/simulate.ts';

const TRIALS = 1000;
const COMMITS = 256;
const WRONG = 0.2;
/** What --confidence is where nothing is said. */
const CONFIDENCE = 0.995;

const repeat = <T>(work: () => T): T[] => Array.from({ length: TRIALS }, work);

const seeded = randomFrom(20261123);
const search = tabulate(
  'search',
  repeat(() => simulateSearch(COMMITS, WRONG, CONFIDENCE, seeded)),
);

test('one answer in five wrong: right in 99 of 100, with fewer boots than by repeating each step', () => {
  const random = randomFrom(20261123);
  expect(search.right).toBeGreaterThanOrEqual(0.99 * TRIALS);
  // The least number of repeats of each step with which plain bisection is right as often.
  let repeats = 1;
  let fixed = tabulate(
    'fixed',
    repeat(() => simulateFixed(COMMITS, WRONG, repeats, random)),
  );
  while (fixed.right < search.right && repeats < 61) {
    repeats += 2;
    fixed = tabulate(
      'fixed',
      repeat(() => simulateFixed(COMMITS, WRONG, repeats, random)),
    );
  }
  expect(fixed.right).toBeGreaterThanOrEqual(0.99 * TRIALS);
  expect(search.meanBoots).toBeLessThan(fixed.meanBoots / 2);
});

test('answers that are hardly ever wrong take hardly more boots than the steps and the ends', () => {
  const random = randomFrom(1);
  const search = tabulate(
    'search',
    repeat(() => simulateSearch(COMMITS, 0, CONFIDENCE, random)),
  );
  expect(search.right).toBe(TRIALS);
  expect(search.meanBoots).toBeLessThan(30);
});

test('an oracle that guesses is not believed', () => {
  const random = randomFrom(2);
  const trials = Array.from({ length: 100 }, () => simulateSearch(64, 0.5, CONFIDENCE, random));
  expect(trials.filter(({ right }) => right).length).toBeLessThanOrEqual(3);
});

test('the seed decides, and nothing else', () => {
  const run = () => {
    const random = randomFrom(7);
    return Array.from({ length: 20 }, () => simulateSearch(COMMITS, WRONG, CONFIDENCE, random));
  };
  expect(run()).toEqual(run());
});

test('the table in the docs is that of the script', async () => {
  const page = await readFile(new URL('../../docs/bisect.md', import.meta.url), 'utf8');
  expect(page).toContain(
    `| ${search.right} of ${search.trials} | ${search.meanBoots.toFixed(1)} | ${search.p95Boots} |`,
  );
});
