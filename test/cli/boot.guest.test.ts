// tscmatrix boot: one kernel, no matrix; and diagnose on what it keeps.
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { debianKernel } from '../support/kernels.ts';
import { openWorkshop, type Ran, type Workshop } from './tscmatrix.ts';

const OFF = ['--hpet', 'off', '--pmtimer', 'off'];
let shop: Workshop;
/** A bzImage in the folder, booted with neither reference counter; its files are kept. */
let kept: Ran;

beforeAll(async () => {
  shop = await openWorkshop();
  await copyFile((await debianKernel('bookworm')).path, join(shop.folder, 'bzImage'));
  kept = await shop.run(['boot', 'bzImage', ...OFF, '--keep', 'kept']);
});
afterAll(() => shop.remove());

test('a path of a bzImage: its clocksources and diagnosis; 1 where tsc is not registered as it should', () => {
  expect(kept.code, kept.stderr).toBe(1);
  expect(kept.stdout).toMatch(/^kernel {8}6\.1\.0-/m);
  expect(kept.stdout).toMatch(/^guest {9}bzImage\.tcg\.deterministic/m);
  expect(kept.stdout).toMatch(/^verdict {7}unrefined: /m);
  expect(kept.stdout).toMatch(/^available {5}(?:\S+ )*tsc\b/m);
  expect(kept.stdout).toMatch(/^current {7}tsc/m);
  expect(kept.stdout).toMatch(/^cause {9}no-reference/m);
});

test('--keep leaves the files of the boot, and is not written over', async () => {
  const files = await readdir(join(shop.folder, 'kept'));
  expect(files.sort()).toEqual([
    'boot.json',
    'command.sh',
    'console.log',
    'evidence.json',
    'qemu-stderr.log',
  ]);
  const before = await readFile(join(shop.folder, 'kept', 'console.log'));
  const again = await shop.run(['boot', 'bzImage', '--keep', 'kept']);
  expect(again.code).toBe(2);
  expect(again.stderr).toMatch(/--keep kept/);
  expect(await readFile(join(shop.folder, 'kept', 'console.log'))).toEqual(before);
});

test('--json of a package by name', async () => {
  const ran = await shop.run(['boot', 'debian:linux-image-cloud-amd64@bookworm', '--json']);
  expect(ran.code, ran.stderr).toBe(0);
  const document = JSON.parse(ran.stdout);
  expect(document).toMatchObject({
    accelerator: 'tcg',
    ending: { kind: 'finished' },
    kernel: { release: expect.stringMatching(/^6\.1\./) },
    observation: { verdict: 'refined', current: 'tsc' },
    transcriptSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(await shop.leftovers()).toEqual([]);
});

test('diagnose comes to the same from the console that was kept, as a file and from stdin', async () => {
  const path = join(shop.folder, 'kept', 'console.log');
  const file = await shop.run(['diagnose', path, '--json']);
  expect(file.code, file.stderr).toBe(0);
  const diagnosis = JSON.parse(file.stdout);
  expect(diagnosis).toMatchObject({ registration: 'unrefined', cause: 'no-reference' });
  const keys = 'available cause confidence current evidence next not registration summary';
  expect(Object.keys(diagnosis).sort()).toEqual(keys.split(' '));
  const input = await readFile(path, 'latin1');
  for (const args of [['-'], []]) {
    const piped = await shop.run(['diagnose', ...args, '--json'], { input });
    expect(JSON.parse(piped.stdout)).toEqual(diagnosis);
  }
});
