import { expect, test } from 'vitest';
import { UserError } from '../../harness/host/errors.ts';
import type { Expectation, Verdict } from '../../harness/matrix/types.ts';
import { type Boot, judgeCell, matches } from '../../harness/verdict/outcome.ts';
import type { Observation } from '../../harness/verdict/types.ts';

const REFINED: Expectation = { registration: ['refined'], from: ['expect[0]'] };

function boot(
  verdict: Verdict,
  more: Partial<Observation> = {},
  log: string | null = 'tsc: Refined\nlast',
): Boot {
  const observation: Observation = {
    verdict,
    reason: `because ${verdict}`,
    current: 'tsc',
    available: ['tsc'],
    kernelKhz: 1_000_000,
    trueKhz: null,
    trueKhzFrom: null,
    ppm: null,
    diagnosis: null,
    differences: [],
    ...more,
  };
  return { observation, log };
}

test.each<[Verdict[], string]>([
  [['refined'], 'expected'],
  [['refined', 'refined'], 'expected'],
  [['never'], 'unexpected'],
  [['never', 'unstable'], 'unexpected'],
  [['refined', 'never', 'refined'], 'flaky'],
  [['infra-error'], 'infra-error'],
  [['refined', 'infra-error'], 'infra-error'],
  [['never', 'infra-error'], 'unexpected'],
  [['never', 'refined', 'infra-error'], 'flaky'],
  [['undetermined'], 'unexpected'],
  [['panicked'], 'unexpected'],
  [[], 'infra-error'],
])('%j against refined is %s', (verdicts, outcome) => {
  expect(
    judgeCell(
      verdicts.map((v) => boot(v)),
      REFINED,
    ).outcome,
  ).toBe(outcome);
});

test('the reason names what came, what was expected and how it came about', () => {
  const { reason } = judgeCell([boot('never')], { ...REFINED, registration: ['refined', 'unrefined'] });
  expect(reason).toBe('never instead of refined or unrefined: because never');
});

test('the current clocksource must be one of those expected', () => {
  const expectation = { ...REFINED, current: ['kvm-clock', 'xen'] };
  expect(judgeCell([boot('refined')], expectation)).toMatchObject({ outcome: 'unexpected' });
  expect(judgeCell([boot('refined', { current: 'xen' })], expectation).outcome).toBe('expected');
  expect(judgeCell([boot('refined', { current: null })], expectation).outcome).toBe('unexpected');
});

test.each<[number | null, string]>([
  [0, 'expected'],
  [-500, 'expected'],
  [500.001, 'unexpected'],
  [-501, 'unexpected'],
  [null, 'unexpected'],
])('%s ppm against a bound of 500 is %s', (ppm, outcome) => {
  expect(judgeCell([boot('refined', { ppm })], { ...REFINED, accuracyPpm: 500 }).outcome).toBe(outcome);
});

test('an accuracy that cannot be shown says why', () => {
  const { reason } = judgeCell([boot('refined')], { ...REFINED, accuracyPpm: 500 });
  expect(reason).toContain('the true frequency is not known');
});

test('messages that must and must not come', () => {
  const judge = (must: string[], mustNot: string[], log: string | null = 'tsc: Refined\nlast') =>
    judgeCell([boot('refined', {}, log)], { ...REFINED, messages: { must, mustNot } }).outcome;
  expect(judge(['Refined', '/^tsc: R\\w+$/'], ['Marking'])).toBe('expected');
  expect(judge(['Marking'], [])).toBe('unexpected');
  expect(judge([], ['/refined/i'])).toBe('unexpected');
  expect(judge(['Refined'], [], null)).toBe('unexpected');
});

test('a failure that is expected needs no clocksource, but its messages', () => {
  const expectation: Expectation = {
    registration: ['panicked'],
    current: ['tsc'],
    accuracyPpm: 1,
    messages: { must: ['Kernel panic'], mustNot: [] },
    from: [],
  };
  expect(
    judgeCell([boot('panicked', { current: null }, 'Kernel panic - not syncing')], expectation).outcome,
  ).toBe('expected');
  expect(judgeCell([boot('panicked', { current: null }, '')], expectation).outcome).toBe('unexpected');
});

test("a pattern that is no regular expression is the user's error", () => {
  expect(() => matches('x', '/(/')).toThrow(UserError);
});
