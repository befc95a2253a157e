import { expect, test } from 'vitest';
import { interruption, stoppedBy } from '../../harness/host/interruption.ts';
import { defaultJobs, runBoth, runInParallel } from '../../harness/lab/schedule.ts';
import { exitCodeOf } from '../../harness/run/run.ts';

test('never more at once than allowed, all of them, begun in order', async () => {
  let now = 0;
  let most = 0;
  const begun: number[] = [];
  await runInParallel([1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item);
    most = Math.max(most, ++now);
    await new Promise((resolve) => setImmediate(resolve));
    now--;
  });
  expect(most).toBe(2);
  expect(begun).toEqual([1, 2, 3, 4, 5]);
});

test('the first error stops what has not begun, and comes only when what has begun is over', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const work = runInParallel([1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    if (item === 1) throw new Error('first');
    await new Promise((resolve) => setImmediate(resolve));
    ended.push(item);
    throw new Error('second');
  });
  await expect(work).rejects.toThrow('first');
  expect(begun).toEqual([1, 2]);
  expect(ended).toEqual([2]);
});

test('something thrown that is no error is thrown on', async () => {
  await expect(runInParallel([1], 1, () => Promise.reject(undefined))).rejects.toBeUndefined();
});

test('nothing to do is done', async () => {
  await runInParallel([], 4, () => Promise.reject(new Error('never')));
});

test('a guest larger than the memory still gets its one turn', () => {
  expect(defaultJobs(1 << 30)).toBe(1);
  expect(defaultJobs(64)).toBeGreaterThanOrEqual(1);
});

const NONE = { expected: 0, unexpected: 0, flaky: 0, skipped: 0, 'infra-error': 0 };
test.each([
  ['all expected', { ...NONE, expected: 3 }, 0],
  ['one skipped beside results', { ...NONE, expected: 3, skipped: 1 }, 0],
  ['one unexpected', { ...NONE, expected: 3, unexpected: 1 }, 1],
  ['one flaky', { ...NONE, expected: 3, flaky: 1 }, 1],
  ['the host failed one', { ...NONE, expected: 3, 'infra-error': 1 }, 69],
  ['a finding counts for more than a fault of the host', { ...NONE, unexpected: 1, 'infra-error': 2 }, 1],
  ['all skipped: nothing was found out', { ...NONE, skipped: 3 }, 69],
] as const)('exit code: %s', (_, counts, code) => {
  expect(exitCodeOf(counts, false)).toBe(code);
  expect(exitCodeOf(counts, true)).toBe(130);
});

const untilStopped = (): Promise<never> =>
  new Promise((_, reject) => interruption().addEventListener('abort', () => reject(new Error('stopped'))));

test('two works side by side give both results', async () => {
  expect(
    await runBoth(
      async () => 1,
      async () => 'two',
    ),
  ).toEqual([1, 'two']);
});

test('where one of two fails, the other is stopped and its own error does not hide the first', async () => {
  const failing = async (): Promise<never> => {
    throw new Error('first');
  };
  let tidied = false;
  const other = (): Promise<never> =>
    untilStopped().finally(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      tidied = true;
    });
  await expect(runBoth(failing, other)).rejects.toThrow('first');
  expect(tidied).toBe(true);
  await expect(runBoth(untilStopped, failing)).rejects.toThrow('first');
});

test('both stop where all is to stop', async () => {
  const controller = new AbortController();
  const both = stoppedBy(controller.signal, () => runBoth(untilStopped, untilStopped));
  controller.abort();
  await expect(both).rejects.toThrow('stopped');
});
