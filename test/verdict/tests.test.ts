// What the user's tests come to, and whether that was expected: nothing but a pass passes.
import { expect, test } from 'vitest';
import type { TestRun } from '../../harness/evidence/test-frames.ts';
import { reportsOf } from '../../harness/evidence/test-results.ts';
import type { PackedTests } from '../../harness/matrix/packed-tests.ts';
import type { Expectation } from '../../harness/matrix/types.ts';
import { wrongTests } from '../../harness/verdict/test-expectation.ts';
import { testResults } from '../../harness/verdict/tests.ts';
import type { Observation } from '../../harness/verdict/types.ts';

const PACKED: PackedTests = {
  key: 'feedbeef',
  outputBytes: 65_536,
  list: [{ name: 'one', timeoutMs: 500, sha256: 'a'.repeat(64) }],
};
const OK = { how: 'exit', code: 0, ns: 1_500_000, bytes: 10, error: '' } as const;

function run(out: string, end: TestRun['end'] = OK, more: Partial<TestRun> = {}): TestRun {
  const outLines = out.split('\n').map((_, i) => 100 + i);
  return { n: 0, name: 'one', end, out, err: '', outLines, lines: [99, 200], ...more };
}

function results(one: TestRun | null, verdict: Observation['verdict'] = 'refined') {
  return testResults(PACKED, one === null ? [] : reportsOf([one]), { verdict, reason: 'so it is' });
}
const PASSING = 'TAP version 13\n1..1\nok 1 a\n';

test.each<[string, TestRun | null, string, RegExp]>([
  ['exit code 0', run('hello\n'), 'pass', /^exit code 0$/],
  ['exit code 1', run('hello\n', { ...OK, code: 1 }), 'fail', /^exit code 1$/],
  ['exit code 4', run('', { ...OK, code: 4 }), 'skip', /skipped/],
  ['TAP and exit code agree', run(PASSING), 'pass', /0, 1 result$/],
  ['TAP that passes with another exit code', run(PASSING, { ...OK, code: 2 }), 'fail', /exit code 2/],
  [
    'a failed result with exit code 0',
    run('1..2\nok 1 a\nnot ok 2 b\n'),
    'fail',
    /1 of 2 results failed, first b/,
  ],
  [
    'a failed result with the code of a skip',
    run('1..1\nnot ok 1 b\n', { ...OK, code: 4 }),
    'fail',
    /first b/,
  ],
  ['a plan that was not kept', run('1..2\nok 1 a\n'), 'fail', /1 of 2 planned/],
  ['only skips', run('1..1\nok 1 a # SKIP no\n'), 'skip', /all of its results/],
  ['a signal', run(PASSING, { ...OK, how: 'signal', code: 11 }), 'crash', /SIGSEGV/],
  ['an endless loop', run(PASSING, { ...OK, how: 'timeout' }), 'timeout', /500 ms of guest time/],
  ['a flood', run(PASSING, { ...OK, how: 'flood', bytes: 70_000 }), 'flood', /70000 bytes; 65536/],
  [
    'no start',
    run('', { ...OK, how: 'unstarted', error: 'Exec format error' }),
    'not-started',
    /Exec format/,
  ],
  ['a guest that died in it', run(PASSING, null), 'not-run', /never came to its end/],
  ['a guest that did not come to it', null, 'not-run', /was not run/],
  ['another test under its number', run(PASSING, OK, { name: 'two' }), 'not-run', /was not run/],
])('%s', (_, one, state, reason) => {
  const [result] = results(one);
  expect(result?.state).toBe(state);
  expect(result?.reason).toMatch(reason);
  expect(wrongTests({ tests: [result] } as unknown as Observation, {}, false) === null).toBe(
    state === 'pass',
  );
});

test('a console that cannot be trusted says nothing of any test', () => {
  expect(results(run(PASSING), 'no-evidence')).toMatchObject([{ state: 'not-run', reason: /no-evidence/ }]);
});

test('lines: a failed result, else the last words, those of an error first', () => {
  const [failed] = results(run('1..2\nok 1 a\nnot ok 2 b\n# why\n'));
  expect(failed?.evidence).toEqual([{ line: 102, text: 'not ok 2 b', shows: 'one.b failed' }]);
  expect(failed?.parts).toEqual([
    { name: 'one.a', state: 'pass', line: 101 },
    { name: 'one.b', state: 'fail', line: 102 },
  ]);
  const [died] = results(run('x\n', { ...OK, code: 1 }, { err: 'oh\nno\n' }));
  expect(died?.evidence.map(({ text }) => text)).toEqual(['oh', 'no']);
  expect(results(run('x\n'))[0]?.evidence).toEqual([]);
});

const WITH_PARTS = results(run('1..2\nok 1 a\nok 2 b # SKIP no\n# ns=40\n# ns=90\n'));
const judge = (expectation: Partial<Expectation>, tests = WITH_PARTS, failed = false) =>
  wrongTests({ tests } as unknown as Observation, expectation, failed);

test.each<[Partial<Expectation>, RegExp | null]>([
  [{}, null],
  [{ tests: { 'one.*': ['pass'] } }, /one\.b: skip instead of pass/],
  [{ tests: { 'one.*': ['pass'], 'one.b': ['skip'] } }, null],
  [{ tests: { one: ['fail'] } }, /one: pass instead of fail/],
  [{ tests: { 'one.c': ['pass'] } }, /no result of the test one\.c/],
  [{ numbers: { ns: { max: 100 } } }, null],
  [{ numbers: { 'one.ns': { max: 50 } } }, /ns is 90 \(line 104\); at most 50/],
  [{ numbers: { ns: { min: 41 } } }, /ns is 40 .*at least 41/],
  [{ numbers: { other: { min: 1 } } }, /no test wrote the number other/],
])('expected %j', (expectation, why) => {
  const found = judge(expectation);
  if (why === null) expect(found).toBeNull();
  else expect(found).toMatch(why);
});

test('a guest that was to fail is not asked for its tests, but for those that are named', () => {
  const none = results(null, 'panicked');
  expect(judge({}, none, true)).toBeNull();
  expect(judge({ tests: { one: ['pass'] } }, none, true)).toMatch(/one: not-run instead of pass/);
  expect(judge({}, none, false)).toMatch(/not-run instead of pass/);
});
