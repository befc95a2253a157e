// Each test is in exactly one tier, so that none is left out of every run.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SLOW_FIRST, startRank, TIERS, tierOf } from './tiers.ts';

const ROOT = join(import.meta.dirname, '..');
const files = globSync('test/**/*.{ts,js,mts,mjs}', { cwd: ROOT }).sort();
const HOW = `name it x.test.ts (unit) or x.TIER.test.ts, with one of ${Object.keys(TIERS).join(', ')}`;

test('every file that has tests is in a tier by its name', () => {
  const declares = /^(?:test|it|describe)(?:\.\w+)*\s*[(`]/m;
  const lost = files.filter(
    (file) => tierOf(file) === null && declares.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  expect(lost, HOW).toEqual([]);
  expect(
    files.filter((file) => /[.-](test|spec)\.\w+$/.test(file) && tierOf(file) === null),
    HOW,
  ).toEqual([]);
});

test('what vitest is told of a tier is what the names say', () => {
  const tests = files.filter((file) => tierOf(file) !== null);
  for (const [name, { include, exclude }] of Object.entries(TIERS)) {
    const found = globSync([...include], { cwd: ROOT, exclude: [...exclude] }).sort();
    expect(found, name).toEqual(tests.filter((file) => tierOf(file) === name));
    expect(found.length, name).toBeGreaterThan(0);
  }
});

test.each([
  ['test/plan/filter.test.ts', 'unit'],
  ['test/bisect/linux.guest.test.ts', 'guest'],
  ['test/bisect/linux.gest.test.ts', null],
  ['test/bisect/linux.guest.unit.test.ts', null],
  ['test/toString.toString.test.ts', null],
  ['test/plan/helpers.ts', null],
])('%s: %s', (file, tier) => expect(tierOf(file)).toBe(tier));

test('the slow files that start first are there, and before all others', () => {
  expect(SLOW_FIRST.filter((file) => !files.includes(file))).toEqual([]);
  const others = files.filter((file) => tierOf(file) !== null && !SLOW_FIRST.includes(file));
  expect(SLOW_FIRST.map(startRank)).toEqual([...SLOW_FIRST.keys()]);
  expect(Math.min(...others.map(startRank))).toBe(SLOW_FIRST.length);
});
