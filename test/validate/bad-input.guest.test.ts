/** What cannot be validated is said at once, and says what to do. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openWorkshop, type Workshop } from '../cli/tscmatrix.ts';

vi.setConfig({ testTimeout: 300_000 });

const PROJECT = join(import.meta.dirname, '..', '..');
const SEED = join(PROJECT, 'matrices', 'seed.yaml');
const PATCHES = join(import.meta.dirname, 'patches');
const REVERTS = join(PROJECT, 'images', 'kernels', 'patches', 'linux-6.1');
const BASE = ['--base', `${SEED}#stock`];
const REFERENCE = ['--reference', `${SEED}#upstream-fixed`];
const UNRELATED = ['--backport', join(PATCHES, 'unrelated.patch')];

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
}, 900_000);
afterAll(() => shop.remove());

test.each([
  ['no base', [], 'validate needs --base'],
  ['no backport', BASE, 'validate needs --backport'],
  ['no reference', [...BASE, ...UNRELATED], 'validate needs --reference'],
  [
    'no such file',
    [...BASE, ...REFERENCE, '--backport', 'none.patch'],
    '--backport none.patch: there is no such file',
  ],
  ['no such kernel', [...BASE, ...REFERENCE, '--backport', `${SEED}#known-frec`], 'has no kernel known-frec'],
  [
    'a base that is not built',
    ['--base', 'debian:linux-image-cloud-amd64@bookworm', ...REFERENCE, ...UNRELATED],
    'is not built here',
  ],
  [
    'a patch for another tree',
    [...BASE, ...REFERENCE, '--backport', join(PATCHES, 'other-tree.patch')],
    'no-such-driver.c',
  ],
  [
    'a base that has it already',
    [...BASE, ...REFERENCE, '--backport', join(REVERTS, '0002-drop-known-freq.patch')],
    '--base has the backport already',
  ],
  [
    'the base as its own backport',
    [...BASE, ...REFERENCE, '--backport', `${SEED}#stock`],
    'the backport is the base',
  ],
  ['a guest that is not there', [...BASE, ...REFERENCE, ...UNRELATED, '--filter', 'case=none'], 'none'],
])('%s', async (_name, args, said) => {
  const ran = await shop.run(['validate', ...args]);
  expect(ran.code, ran.stderr).toBe(2);
  expect(ran.stdout).toBe('');
  expect(ran.stderr).toContain(said);
  expect(ran.stderr).toContain('hint: ');
});

test('a reference that fails its own cell ends the run before the backport is booted', async () => {
  const args = [
    ...BASE,
    '--reference',
    `${SEED}#known-freq`,
    ...UNRELATED,
    '--filter',
    'case=unknown-between',
  ];
  const ran = await shop.run(['validate', ...args, '--jobs', '1', '--no-margins']);
  expect(ran.code, ran.stderr).toBe(2);
  expect(ran.stderr).toMatch(/--reference fails its own cell reference\.\S+: refined instead of never/);
  const record = await shop.run(['report', 'latest', '--json']);
  const { cells } = JSON.parse(record.stdout) as { cells: { id: string; boots: unknown[] }[] };
  expect(cells.filter(({ boots }) => boots.length > 0).map(({ id }) => id.split('.')[0])).toEqual([
    'reference',
  ]);
});

test('a base that does all that the reference does has the fix already', async () => {
  const args = ['--base', `${SEED}#known-freq`, ...REFERENCE, ...UNRELATED, '--filter', 'case=kvm-slow'];
  const ran = await shop.run(['validate', ...args, '--no-margins']);
  expect(ran.code, ran.stderr).toBe(2);
  expect(ran.stderr).toContain('--base does what --reference does in all 1 guests: it has the fix already');
});
