// How often a cell flakes, and since when it is what it is.
import { expect, test } from 'vitest';
import { rateOf } from '../../harness/base/rate.ts';
import { flakeRate, lastChange } from '../../harness/history/query.ts';
import type { Night } from '../../harness/history/types.ts';

/** Nights from a strip, oldest first: e(xpected), u(nexpected), f(laky), s(kipped), i(nfra-error). */
function nights(strip: string, part: (i: number) => Partial<Night> = () => ({})): Night[] {
  const outcomes = { e: 'expected', u: 'unexpected', f: 'flaky', s: 'skipped', i: 'infra-error' } as const;
  return [...strip]
    .map(
      (mark, i): Night => ({
        run: `run-${i}`,
        at: `day ${i}`,
        outcome: outcomes[mark as 'e'],
        lost: false,
        verdicts:
          mark === 'e' ? ['refined'] : mark === 'u' ? ['never'] : mark === 'f' ? ['refined', 'never'] : [],
        current: [],
        kernelRelease: '6.1',
        kernelSha256: 'k',
        qemu: '7.2',
        hostCpu: 'EPYC',
        boots: 1,
        wallMs: 1,
        ...part(i),
      }),
    )
    .reverse();
}

test.for([
  ['eeee', 0, 4],
  ['efee', 1, 4],
  // One night other than its neighbours.
  ['eeuee', 1, 5],
  ['eueue', 3, 5],
  // A change that stays is none, nor is the last night, of which nobody knows yet.
  ['eeuu', 0, 4],
  ['eeeu', 0, 4],
  // Nights without a result neither count nor come between.
  ['eisusie', 1, 3],
  ['sss', 0, 0],
] as const)('of %s %i of %i nights flaked', ([strip, count, of]) => {
  expect(flakeRate(nights(strip))).toMatchObject({ count, of });
});

test('a night on another kernel image is no flake of the one before and after it', () => {
  const other = nights('eue', (i) => (i === 1 ? { kernelSha256: 'other' } : {}));
  expect(flakeRate(other)).toMatchObject({ count: 0, of: 3 });
});

test("Wilson's interval, as published", () => {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
  const bounds = ([count, of]: readonly [number, number]): string[] => {
    const { low, high } = rateOf(count, of);
    return [low, high].map((bound) => (bound ?? Number.NaN).toFixed(4));
  };
  expect(bounds([81, 263])).toEqual(['0.2553', '0.3662']);
  expect(bounds([15, 148])).toEqual(['0.0624', '0.1605']);
  expect(bounds([0, 20])).toEqual(['0.0000', '0.1611']);
  expect(bounds([1, 29])).toEqual(['0.0061', '0.1718']);
  expect(bounds([20, 20])).toEqual(['0.8389', '1.0000']);
  expect(rateOf(0, 0)).toEqual({ count: 0, of: 0, share: null, low: null, high: null });
});

test('a change is dated by its first night, over nights without a result', () => {
  expect(lastChange(nights('eeiuus'))).toEqual({
    run: 'run-3',
    at: 'day 3',
    before: 'expected refined',
    after: 'unexpected never',
    inputs: [],
  });
  expect(lastChange(nights('eiee'))).toBeNull();
  expect(lastChange(nights('ss'))).toBeNull();
  // A flake in between is no change, nor is the return from it.
  expect(lastChange(nights('eeueefe'))).toBeNull();
  expect(lastChange(nights('uueueee'))?.run).toBe('run-4');
  // To be flaky night after night is one.
  expect(lastChange(nights('eeff'))).toMatchObject({ run: 'run-2', after: 'flaky never/refined' });
});

test.for([
  ['kernel', { kernelSha256: 'new' }],
  ['qemu', { qemu: '10.0' }],
  ['host', { hostCpu: 'Xeon' }],
] as const)('a %s that changed on the night of the change is named', ([input, part]) => {
  expect(lastChange(nights('eeuu', (i) => (i >= 2 ? part : {})))?.inputs).toEqual([input]);
  expect(lastChange(nights('eeuu', (i) => (i >= 3 ? part : {})))?.inputs).toEqual([]);
});

test('another verdict with the same outcome is a change too', () => {
  const changed = lastChange(nights('ee', (i) => (i === 1 ? { verdicts: ['unrefined'] } : {})));
  expect(changed).toMatchObject({ before: 'expected refined', after: 'expected unrefined' });
});
