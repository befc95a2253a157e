// Times of day as systems of many languages write them: one moment, in every form.
import { expect, test } from 'vitest';
import { monthOf, overNewYear, wallClock } from '../../../harness/evidence/pasted/wall-clock.ts';

const at = (year: number, fraction = 0): number => Date.UTC(year, 2, 9, 7, 3, 6) / 1000 + fraction;

test.each([
  ['2026-03-09T07:03:06Z', at(2026)],
  ['2026-03-09 07:03:06,250', at(2026, 0.25)],
  ['2026-03-09T07:03:06.500000+01:00 h kernel', at(2026, 0.5)],
  ['Mar  9 07:03:06 h', at(2024)],
  ['Mar 9 2026 07:03:06', at(2026)],
  ['Tue Mar  9 07:03:06 2026', at(2026)],
  ['Mon Mar  9 07:03:06 CET 2026', at(2026)],
  ['Mo Mär  9 07:03:06 2026', at(2026)],
  ['märz 09 07:03:06', at(2024)],
  ['9 mars 07:03:06', at(2024)],
  ['9. März 2026 07:03:06', at(2026)],
  ['09 mar 2026 07:03:06.5', at(2026, 0.5)],
  ['1773039786.500000 h', 1_773_039_786.5],
  ['2026/03/09 07:03:06', at(2026)],
  ['2026/3/9 7:03:06', at(2026)],
  ['09.03.2026 07:03:06,250', at(2026, 0.25)],
  ['09-03-2026 07:03:06', at(2026)],
  ['3/9/2026, 7:03:06 AM', at(2026)],
  ['3/9/2026 7:03:06 PM kernel', at(2026) + 12 * 3600],
  ['3/9/2026 12:03:06 AM', at(2026) - 7 * 3600],
  ['3/9/2026 12:03:06 p.m.', at(2026) + 5 * 3600],
  ['19/3/2026 07:03:06', at(2026) + 10 * 86_400],
  ['Mon 09 Mar 2026 07:03:06 PM CET', at(2026) + 12 * 3600],
  ['2026-03-09 07:03:06 PM', at(2026) + 12 * 3600],
  ['[Mar 9 07:03] tsc', at(2024) - 6],
  ['[Mär09 07:03]', at(2024) - 6],
])('%s', (text, expected) => expect(wallClock(text)).toBeCloseTo(expected, 3));

test.each([
  '',
  '07:03:06',
  'Nomonth 9 07:03:06',
  '9 nomonth 07:03:06',
  '[ 15.000000] tsc',
  'v1773039786',
  '5.1773039786.5',
  '1.2.3 07:03:06',
  '2026-03.09 07:03:06',
  '[Nomonth 9 07:03]',
  'Mar 9 07:03',
])('no time of day: %j', (text) => expect(wallClock(text)).toBeNull());

test.each([
  ['Mrz', 2],
  ['Maerz', 2],
  ['Okt', 9],
  ['Dez.', 11],
  ['dic', 11],
  ['ene', 0],
  ['Sept', 8],
  ['févr', 1],
  ['août', 7],
  ['aout', 7],
  ['Hornung', null],
])('the month %s', (name, month) => expect(monthOf(name)).toBe(month));

test('times without a year go on over the end of one, forwards and backwards; a year that is stated stays', () => {
  const [last, first] = [wallClock('Dec 31 23:59:59 h'), wallClock('Jan  1 00:00:01 h')] as [number, number];
  const [, then, , after] = overNewYear([last, first, null, first + 5]);
  expect([Number(then) - last, Number(after) - last]).toEqual([2, 7]);
  const [newest, older] = overNewYear([first, last]);
  expect(Number(newest) - Number(older)).toBe(2);
  expect(overNewYear([last, first + 100 * 86_400])).toEqual([last, first + 100 * 86_400]);
  const stated = [wallClock('2025-12-31 10:00:00'), wallClock('2023-01-01 10:00:00')];
  expect(overNewYear(stated)).toEqual(stated);
  const apart = [wallClock('2024-06-01 10:00:00'), wallClock('2022-06-01 10:00:00')];
  expect(overNewYear(apart)).toEqual(apart);
});
