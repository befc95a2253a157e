// Times of day as systems of many languages write them: one moment, in every form.
import { expect, test } from 'vitest';
import { monthOf, wallClock } from '../../../harness/evidence/pasted/wall-clock.ts';

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
])('%s', (text, expected) => expect(wallClock(text)).toBeCloseTo(expected, 3));

test.each([
  '',
  '07:03:06',
  'Nomonth 9 07:03:06',
  '9 nomonth 07:03:06',
  '[ 15.000000] tsc',
  'v1773039786',
  '5.1773039786.5',
])('no time of day: %j', (text) => expect(wallClock(text)).toBeNull());

test.each([
  ['Mrz', 2],
  ['Maerz', 2],
  ['Okt', 9],
  ['Dez.', 11],
  ['dic', 11],
  ['ene', 0],
  ['Sept', 8],
  ['août', 7],
  ['aout', 7],
  ['Hornung', null],
])('the month %s', (name, month) => expect(monthOf(name)).toBe(month));
