import { expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import type { Expectation, Verdict } from '../../harness/matrix/types.ts';
import { type Boot, judgeCell, matches } from '../../harness/verdict/outcome.ts';
import type { Observation } from '../../harness/verdict/types.ts';
import { observed } from './sample-observation.ts';

const REFINED: Expectation = { registration: ['refined'], from: ['expect[0]'] };

function boot(
  verdict: Verdict,
  more: Partial<Observation> = {},
  log: string | null = 'tsc: Refined\nlast',
): Boot {
  const observation = observed(verdict, more);
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

test.each<[number | null, string]>([
  [50, 'expected'],
  [-50, 'expected'],
  [200, 'expected'],
  [49.9, 'unexpected'],
  [-49.9, 'unexpected'],
  [0, 'unexpected'],
  [-200.1, 'unexpected'],
  [null, 'unexpected'],
])('%s ppm where an error of 50 to 200 ppm is expected is %s', (ppm, outcome) => {
  const expectation = { ...REFINED, offByPpm: 50, accuracyPpm: 200 };
  expect(judgeCell([boot('refined', { ppm })], expectation).outcome).toBe(outcome);
});

test('a frequency that is better than expected says so, and one that is not known shows no error', () => {
  const reason = (ppm: number | null) =>
    judgeCell([boot('refined', { ppm })], { ...REFINED, offByPpm: 50 }).reason;
  expect(reason(3)).toBe('the frequency is 3 ppm off; it was expected to be wrong by at least 50 ppm');
  expect(reason(null)).toBe('the true frequency is not known, so an error of 50 ppm cannot be shown');
});

test.each<[number, number, { min?: number; max?: number }, string]>([
  [70, 1, { min: 71 }, 'expected'],
  [70, 0, { min: 71 }, 'unexpected'],
  [26, 0, { max: 26 }, 'expected'],
  [26, 1, { max: 26 }, 'unexpected'],
  [0, 0, { max: 26 }, 'expected'],
  [40, 0, { min: 30, max: 50 }, 'expected'],
])('%i and %i reads against %j are %s', (pm, hpet, reads, outcome) => {
  const seen = boot('refined', { readCounts: { pm, hpet } });
  expect(judgeCell([seen], { ...REFINED, reads }).outcome).toBe(outcome);
});

test('reads that were not counted are never as expected', () => {
  for (const more of [{}, { readCounts: null }]) {
    expect(judgeCell([boot('refined', more)], { ...REFINED, reads: { max: 9 } })).toEqual({
      outcome: 'unexpected',
      reason: 'reads of the reference counters were not counted; at most 9 were expected',
    });
  }
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
