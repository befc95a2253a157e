// A validation that a signal ends says what it has found, and is resumed later.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Statement } from '../../harness/validate/statement.ts';
import { openWorkshop, type Workshop } from '../cli/tscmatrix.ts';
import { BUILD_MS } from '../support/nested-boots.ts';
import { seedKernel } from '../support/seed-kernel.ts';

vi.setConfig({ testTimeout: 300_000 });

const SEED = join(import.meta.dirname, '..', '..', 'matrices', 'seed.yaml');
const OPTIONS = [
  ...['--base', `${SEED}#stock`, '--reference', `${SEED}#upstream-fixed`],
  ...['--filter', 'case=kvm,unknown-stop-bad', '--filter', 'control=no'],
  ...['--no-margins', '--jobs', '1', '--json'],
];
const VALIDATE = ['validate', ...OPTIONS, '--backport', `${SEED}#known-freq`];

let shop: Workshop;
let statement: Statement;
beforeAll(async () => {
  shop = await openWorkshop();
  // Not while the clock of a test runs.
  for (const name of ['stock', 'upstream-fixed', 'known-freq']) await seedKernel(name);
}, BUILD_MS);
afterAll(() => shop.remove());

test('SIGTERM leaves a statement of the guests that have answered, and says how to go on', async () => {
  const started = shop.start(VALIDATE);
  // One guest has answered under all three, and the other one under two.
  await started.says('5 of 6 guests');
  started.child.kill('SIGTERM');
  const { code, stdout, stderr } = await started.done;
  expect(code, stderr).toBe(130);
  statement = JSON.parse(stdout) as Statement;
  const { answered, guests, left } = statement.cutOff ?? { answered: 0, guests: 0, left: '' };
  expect(guests).toBe(2);
  expect(left).toBe('guests');
  expect(answered).toBe(1);
  expect(statement.guests).toHaveLength(answered);
  expect(statement.conclusion.kind).toBe('inconclusive');
  expect(statement.conclusion.because).toContain('interrupted with 1 of 2 guests answered; not done: guests');
  expect(stderr).toContain(`resume it: the same command with --resume results/${statement.run}`);
  const [folder = ''] = await readdir(join(shop.folder, 'results', 'validate'));
  expect(await readdir(join(shop.folder, 'results', 'validate', folder))).toEqual(
    expect.arrayContaining(['backport.json', 'backport.md', 'backport.txt']),
  );
  expect(await shop.leftovers()).toEqual([]);
});

test('it goes on with nothing but what it was begun with', async () => {
  const other = ['validate', ...OPTIONS, '--backport', `${SEED}#refine-fix`, '--resume', statement.run];
  const refused = await shop.run(other);
  expect(refused.code, refused.stderr).toBe(2);
  expect(refused.stderr).toMatch(/the kernel backport is another one now: .*variant refine-fix/);
  const repeated = await shop.run([...VALIDATE, '--repeat', '2', '--resume', statement.run]);
  expect(repeated.code).toBe(2);
  expect(repeated.stderr).toContain('was begun with --repeat 1');
  const fewer = await shop.run([...VALIDATE, '--filter', 'case=kvm', '--resume', statement.run]);
  expect(fewer.code).toBe(2);
});

test('resumed it comes to its end, and what had answered before stands as it was', async () => {
  const resumed = await shop.run([...VALIDATE, '--resume', statement.run]);
  expect(resumed.code, resumed.stderr).toBe(1);
  const whole = JSON.parse(resumed.stdout) as Statement;
  expect(whole.cutOff).toBeUndefined();
  expect(whole.run).toBe(statement.run);
  // As of all at once: seed.guest.test.ts.
  expect(whole.guests.map(({ finding }) => finding)).toEqual(['as-reference', 'missing']);
  expect(whole.conclusion.kind).toBe('incomplete');
  for (const one of statement.guests) expect(whole.guests).toContainEqual(one);
  expect(whole.inputs.command).not.toContain('--resume');
  const again = await shop.run([...VALIDATE, '--resume', statement.run]);
  expect(again.code).toBe(2);
  expect(again.stderr).toContain('is finished: all its guests have answered');
});
