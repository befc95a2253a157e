// What boots with the kernels of both runs come to.
import { expect, test } from 'vitest';
import { type Again, conclude } from '../../harness/run/confirm.ts';

const of = (worse: number, boots: number): Again => ({ worse, boots });

test.each<[Again, Again | null, string, string]>([
  [of(1, 1), of(0, 1), 'kernel', '1 of 1 boots again not as expected, with the earlier kernel 0 of 1'],
  [of(3, 3), of(0, 3), 'kernel', '3 of 3 boots again not as expected, with the earlier kernel 0 of 3'],
  [
    of(3, 3),
    of(3, 3),
    'not-the-kernel',
    '3 of 3 boots again not as expected, and with the earlier kernel 3 of 3 too: something else than the kernel changed',
  ],
  [
    of(3, 3),
    of(1, 3),
    'flaky',
    '3 of 3 boots again not as expected, with the earlier kernel 1 of 3 (95 % interval of the share: 6 % to 79 %)',
  ],
  [
    of(1, 3),
    of(0, 3),
    'flaky',
    '1 of 3 boots again not as expected (95 % interval of the share: 6 % to 79 %)',
  ],
  [
    of(0, 3),
    of(0, 3),
    'not-again',
    '0 of 3 boots again not as expected (95 % interval of the share: 0 % to 56 %)',
  ],
  [of(0, 1), of(0, 1), 'not-again', '0 of 1 boots again not as expected'],
  [
    of(3, 3),
    null,
    'same-kernel',
    '3 of 3 boots again not as expected, with the image that was as expected before',
  ],
  [of(2, 3), null, 'flaky', '2 of 3 boots again not as expected (95 % interval of the share: 21 % to 94 %)'],
])('later %j, earlier %j: %s', (after, before, kind, why) => {
  expect(conclude(after, before)).toEqual({ kind, why });
});
