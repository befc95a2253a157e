// A known issue is put up with while it shows and its day is not past, and is loud afterwards.
import { expect, test } from 'vitest';
import type { Expectation, Verdict } from '../../harness/matrix/types.ts';
import { judgeCellOn, judgeUnbuiltOn } from '../../harness/verdict/known-issue.ts';
import type { Boot } from '../../harness/verdict/outcome.ts';
import { observed } from './sample-observation.ts';

const ISSUE = { reason: 'no backport yet', url: 'https://example.org/1', until: '2026-12-31' };
const SHOULD: Expectation = { registration: ['refined'], from: ['expect[0]'] };

const known = (...registration: Expectation['registration'][number][]): Expectation => ({
  registration,
  from: ['expect[0]', 'expect[1]'],
  known: { ...ISSUE, rule: 'expect[1]', otherwise: SHOULD },
});

function boot(verdict: Verdict): Boot {
  const observation = observed(verdict);
  return { observation, log: '' };
}

const judge = (verdicts: readonly Verdict[], expectation: Expectation, day = '2026-12-31') =>
  judgeCellOn(verdicts.map(boot), { expectation, day });

test('while it shows, it is expected, and is said to be known', () => {
  expect(judge(['never', 'never'], known('never'))).toMatchObject({ outcome: 'expected', known: ISSUE });
});

test('a cell that has become what it should be is unexpected, and the rule is named', () => {
  const { outcome, reason, known: still } = judge(['refined'], known('never'));
  expect(outcome).toBe('unexpected');
  expect(still).toBeUndefined();
  expect(reason).toBe(
    'the known issue of expect[1] is gone (no backport yet): refined, as expect[0] expects; take the rule out',
  );
});

test('neither the one nor the other is unexpected, by the words of the rule', () => {
  const { outcome, reason } = judge(['unstable'], known('never'));
  expect(outcome).toBe('unexpected');
  expect(reason).toBe('unstable instead of never: because unstable');
});

test('without a known issue it is the expectation alone', () => {
  expect(judge(['refined'], SHOULD)).toEqual(judge(['refined'], SHOULD, '2027-01-01'));
  expect(judge(['refined'], SHOULD).outcome).toBe('expected');
  expect(judge(['never'], SHOULD).outcome).toBe('unexpected');
});

test('some boots with it and some without are flaky; a rule with both is met by either, and quiet', () => {
  expect(judge(['never', 'refined'], known('never')).outcome).toBe('flaky');
  const both = judge(['never', 'refined'], known('never', 'refined'));
  expect(both).toMatchObject({ outcome: 'expected', known: ISSUE });
  const mended = judge(['refined', 'refined'], known('never', 'refined'));
  expect(mended.outcome).toBe('expected');
  expect(mended.known).toBeUndefined();
});

test('after its last day it counts for nothing, and the reason says what has ended', () => {
  const { outcome, reason, known: still } = judge(['never'], known('never'), '2027-01-01');
  expect(outcome).toBe('unexpected');
  expect(still).toBeUndefined();
  expect(reason).toBe(
    'never instead of refined: because never; expect[1], a known issue, ended on 2026-12-31: no backport yet',
  );
  expect(judge(['refined'], known('never'), '2027-01-01').outcome).toBe('expected');
});

test('a fault of the host is neither', () => {
  const judged = judge(['infra-error'], known('never'));
  expect(judged.outcome).toBe('infra-error');
  expect(judged.known).toBeUndefined();
});

test('a kernel that does not build can be a known issue', () => {
  const asked = { expectation: known('build-failed'), day: '2026-12-01' };
  expect(judgeUnbuiltOn('make failed', asked)).toMatchObject({ outcome: 'expected', known: ISSUE });
  const ended = judgeUnbuiltOn('make failed.\n', { ...asked, day: '2027-01-01' });
  expect(ended.reason).toContain('make failed; expect[1], a known issue, ended on 2026-12-31');
  const other = { expectation: known('never'), day: '2026-12-01' };
  expect(judgeUnbuiltOn('make failed', other).outcome).toBe('unexpected');
});
