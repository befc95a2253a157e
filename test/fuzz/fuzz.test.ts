// Some hundred inputs for each parser, others in each run of a day: npm run fuzz does the same for hours (docs/tests.md).
import { expect, test } from 'vitest';
import { fuzz } from './run.ts';
import { TARGETS } from './targets.ts';

const RUNS = 200;
// The day, so that a failure in one place is seen in another too, and can be had again by its seed.
const SEED = Math.floor(Date.now() / 86_400_000);

test.each(TARGETS.map((target) => [target.name, target] as const))('%s', async (_, target) => {
  const { failure, inputs } = await fuzz(target, SEED, RUNS);
  expect(failure).toBeNull();
  expect(inputs).toBe(RUNS);
});
