import { expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { messagePattern } from '../../harness/base/message-pattern.ts';
import { parseMatrix } from '../../harness/matrix/load.ts';
import { cpuMs } from '../support/cpu.ts';

test.each([
  ['Refined TSC', 'tsc: Refined TSC clocksource', true],
  ['/refined tsc/', 'tsc: Refined TSC clocksource', false],
  ['/refined tsc/i', 'tsc: Refined TSC clocksource', true],
  ['/^tsc: .* MHz$/', 'x\ntsc: Detected 3 MHz\ny', true],
  ['/a.b/s', 'a\nb', false],
  ['/\\bacpi_pm\\b/u', 'hpet acpi_pm tsc', true],
  ['/\\/dev\\/kmsg/', 'reads /dev/kmsg', true],
  ['/\\u0041(?<n>B)/', 'AB', true],
])('%s in %j: %j', (pattern, log, found) => {
  expect(messagePattern(pattern).isIn(log)).toBe(found);
});

test.each([
  ['/a(?=b)/', /is not a regular expression: .*\(\?=/],
  ['/(?<!a)b/', /is not a regular expression/],
  ['/(a)\\1/', /is not a regular expression: .*\\1/],
  ['/(/', /is not a regular expression/],
  [`/${'(x?)'.repeat(300)}/`, /characters/],
  ['/(?:[ab]{500}[cd]{500}){1}e{500}/', /is too large \(\d+ instructions; 1000 are allowed\)/],
])('%s is refused, with what can be written', (pattern, message) => {
  const make = () => messagePattern(pattern);
  expect(make).toThrow(UserError);
  expect(make).toThrow(message);
  try {
    make();
  } catch (error) {
    expect((error as UserError).hint).toMatch(/RE2.*no lookahead, no lookbehind, no backreference/);
  }
});

test('no expression takes time by a power of the text', () => {
  const log = `${'ab '.repeat(1300)}\n`.repeat(50);
  for (const pattern of [
    '/^(\\s*\\S*\\s*)*\\u0001$/',
    '/(x+x+)+y/',
    '/^(a|b|ab| )*c$/',
    '/(.*)(.*)(.*)(.*)c/',
  ])
    expect(
      cpuMs(() => expect(messagePattern(pattern).isIn(log)).toBe(false)),
      pattern,
    ).toBeLessThan(4000);
});

test('a long log is refused to a large expression, and not to a text', () => {
  expect(messagePattern('/(?i)a[ab]{400}[cd]$/').isTooSlowFor(200_000)).toBe(true);
  expect(messagePattern('/tsc: Refined .* MHz/').isTooSlowFor(200_000)).toBe(false);
  expect(messagePattern('tsc').isTooSlowFor(1e9)).toBe(false);
});

test('a matrix with an expression that RE2 lacks is refused when it is read', () => {
  const matrix = 'version: 1\nkernels: { k: { image: k } }\nexpect: [{ messages: { must: "/a(?=b)/" } }]\n';
  expect(() => parseMatrix(matrix, 'm.yaml')).toThrow(
    /m\.yaml:3.*is not a regular expression.*no lookahead/s,
  );
});
