// A test's output as results: TAP, KTAP and numbers.
import { expect, test } from 'vitest';
import { readNumbers, readTap } from '../../harness/evidence/tap.ts';

const states = (text: string) => readTap(text)?.points.map(({ name, state }) => `${name} ${state}`);

test('KTAP: levels are parts of their parents, a SKIP is no pass, lines are those of the output', () => {
  const text = [
    'KTAP version 1',
    '1..2',
    '  KTAP version 1',
    '  # Subtest: suite',
    '  1..2',
    '    KTAP version 1',
    '    1..1',
    '    ok 1 deep',
    '  ok 1 case_a',
    '  # x=3',
    '  not ok 2 case_b',
    'not ok 1 suite',
    'ok 2 other # SKIP no hardware',
  ].join('\n');
  const tap = readTap(text);
  expect(states(text)).toEqual([
    'suite.case_a.deep pass',
    'suite.case_a pass',
    'suite.case_b fail',
    'suite fail',
    'other skip',
  ]);
  expect(tap?.points.map(({ line }) => line)).toEqual([8, 9, 11, 12, 13]);
  expect(tap?.points.at(-1)?.note).toBe('no hardware');
  expect(tap?.fault).toBeNull();
});

test.each([
  ['a plan that was not kept', 'TAP version 13\n1..3\nok 1 a\nok 2 b\n', '2 of 3 planned results came'],
  ['a bail-out', 'TAP version 13\nok 1 a\nBail out! broken\n', 'it bailed out: broken'],
  ['a level without its end', 'KTAP version 1\n1..1\n  KTAP version 1\n  1..2\n  ok 1 x\n', '1 of 2 planned'],
])('%s is no pass', (_, text, fault) => {
  expect(readTap(text)?.fault).toContain(fault);
});

test('two results of one number are no pass, TODO is a skip, a whole plan may be skipped', () => {
  expect(states('1..2\nok 1 a\nok 1 b\n')).toEqual(['a pass', 'b fail']);
  expect(states('1..1\nnot ok 1 - b # TODO later\n')).toEqual(['b skip']);
  expect(readTap('TAP version 13\n1..0 # SKIP not here\n')?.skippedAll).toBe(true);
});

test('what has neither a version nor a plan, or nothing after it, is judged by its exit code', () => {
  expect(readTap('ok\nall is well\n')).toBeNull();
  expect(readTap('TAP version 13\n# Totals: pass:0\n')).toMatchObject({
    points: [],
    fault: null,
    skippedAll: false,
  });
});

test('a YAML block is no value and no result, also one that never ends', () => {
  const block = '  ---\n  a: !function "() => process.exit(7)"\n  ok 9 inner\n  ...\n';
  expect(states(`TAP version 14\n1..2\nok 1 a\n${block}ok 2 b\n`)).toEqual(['a pass', 'b pass']);
  expect(states(`TAP version 14\n1..2\nok 1 a\n  ---\n  x: 1\nnot ok 2 b\n`)).toEqual(['a pass', 'b fail']);
});

test('levels and results without end are read in no time', () => {
  const deep = Array.from({ length: 3000 }, (_, n) => `${' '.repeat(2 * n)}KTAP version 1`).join('\n');
  expect(readTap(`KTAP version 1\n1..1\n${deep}\n${' '.repeat(60_000)}ok 1 x\n`)).not.toBeNull();
  const many = Array.from({ length: 6000 }, (_, n) => `ok ${n + 1} x`).join('\n');
  expect(readTap(`1..6000\n${many}\nnot ok 6001 y\n`)).toMatchObject({ fault: 'y failed' });
});

test('numbers stand alone on their line, or in a comment', () => {
  const text = 'read_ns=41.5\n# min=1 max=-2e3\nx=1y\nsome a=3\na = 4\nq=0x10\n_z=.5, w=6\n';
  expect(readNumbers(text)).toEqual([
    { name: 'read_ns', value: 41.5, line: 1 },
    { name: 'min', value: 1, line: 2 },
    { name: 'max', value: -2000, line: 2 },
    { name: '_z', value: 0.5, line: 7 },
    { name: 'w', value: 6, line: 7 },
  ]);
});
