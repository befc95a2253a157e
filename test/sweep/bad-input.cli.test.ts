// What cannot be swept is said before anything is booted: the place, and the remedy.
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWorkshop, type Workshop } from '../cli/tscmatrix.ts';

const SEED = new URL('../../matrices/seed.yaml', import.meta.url).pathname;

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop.remove());

test.each<[readonly string[], RegExp]>([
  [[], /missing required argument 'kernels'/],
  [['nowhere.bin'], /kernel nowhere.bin: .*nowhere.bin/],
  [[`${SEED}#stok`], /has no kernel stok\n {2}hint: .*stock/],
  [[SEED, '--kernel', 'stok'], /--kernel: .* has no kernel stok\n {2}hint: .*stock/],
  [['nowhere.bin', '--kernel', 'x'], /--kernel chooses among the kernels of a matrix/],
  [[`${SEED}#stock`, `${SEED}#stock`], /two kernels are called stock/],
  [[`${SEED}#stock`, '--step', '100'], /--step takes a time with its unit such as 100ns/],
  [[`${SEED}#stock`, '--max', '2s'], /--max takes a time with its unit .*up to 1s/],
  [
    [`${SEED}#stock`, '--disturb', '10us'],
    /--disturb 10us: no read of it is disturbed\n {2}hint: for example/,
  ],
  [[`${SEED}#stock`, '--disturb', 'every1+1us'], /--disturb every1\+1us: every must be at least 2/],
  [[`${SEED}#stock`, '--disturb', 'pm1us,every9+1us'], /the delay is that of both counters/],
  [[`${SEED}#stock`, '--cell', 'topology=tcg'], /no exits to delay\n {2}hint: choose topology=nested/],
  [[`${SEED}#stock`, '--cell', 'topology=nested,ref-delay=1us'], /which is what a sweep varies/],
  [
    [`${SEED}#stock`, '--cell', 'topology=nested,hpet=off', '--reference', 'hpet'],
    /does not go with hpet=off/,
  ],
  [[`${SEED}#stock`, '--cell', 'topology=kvm'], /counted instructions, which host KVM does not have/],
  [[`${SEED}#stock`, '--reference', 'tsc'], /'tsc' is invalid/],
  [[`${SEED}#stock`, '--svg', 'no/such/folder.svg'], /cannot write .*folder.svg/],
])('%j', async (args, message) => {
  const { code, stderr } = await shop.run(['sweep', ...args]);
  expect(stderr).toMatch(message);
  expect(code, stderr).toBe(2);
  expect(await readdir(shop.folder)).not.toContain('results');
});

test('no QEMU is the host’s fault', async () => {
  const { code, stderr } = await shop.run(['sweep', `${SEED}#stock`, '--qemu', 'no-such-qemu']);
  expect(code, stderr).toBe(69);
});
