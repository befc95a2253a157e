// An audit of kernels of which it is known what they have: built without a fix, and with it.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Audit } from '../../harness/audit/types.ts';
import { openWorkshop, type Workshop } from '../cli/tscmatrix.ts';
import { BUILD_MS } from '../support/nested-boots.ts';
import { seedKernel } from '../support/seed-kernel.ts';

vi.setConfig({ testTimeout: 300_000 });

const SEED = join(import.meta.dirname, '..', '..', 'matrices', 'seed.yaml');
const FIX = 'a786ef152cdc';

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
  for (const name of ['stock', 'refine-fix']) await seedKernel(name);
}, BUILD_MS);
afterAll(() => shop.remove());

test('says present of the kernel with the fix, absent of the one without, with the lines that decide', async () => {
  const kernels = [`${SEED}#stock`, `${SEED}#refine-fix`];
  const { code, stdout, stderr } = await shop.run([
    'audit',
    ...kernels,
    '--fix',
    FIX,
    '--require',
    FIX,
    '--json',
  ]);
  expect(code, stderr).toBe(1);
  expect(stderr).toContain(`required, and not shown to be there: ${FIX} in stock: absent`);
  const { fixes, run } = JSON.parse(stdout) as Audit;
  expect(fixes).toHaveLength(1);
  const { stock, 'refine-fix': fixed } = fixes[0]?.kernels ?? {};
  expect([stock?.state, fixed?.state]).toEqual(['absent', 'present']);
  const decisive = (fixed?.guests ?? []).filter(({ isDecisive }) => isDecisive);
  expect(decisive.map(({ fits }) => fits)).toEqual(['after']);
  expect(decisive[0]?.lines.map(({ text }) => text).join('\n')).toContain(
    'Refined TSC clocksource calibration',
  );
  expect(stock?.guests.find(({ isDecisive }) => isDecisive)?.lines[0]?.isThere).toBe(false);
  // The run is a record like any other.
  const again = await shop.run(['rejudge', run]);
  expect(again.code, again.stderr).toBe(0);
  expect(await shop.leftovers()).toEqual([]);
});

test('a kernel that does not build is told, and the other one is audited', async () => {
  await shop.file(
    'no.patch',
    '--- a/kernel/time/clocksource.c\n+++ b/kernel/time/clocksource.c\n@@ -1,1 +1,1 @@\n-no such line\n+another\n',
  );
  const broken = await shop.file(
    'broken.yaml',
    'version: 1\nkernels:\n  broken:\n    source: { debian: linux-source-6.1, suite: bookworm }\n    config: { base: guest }\n    patches: [no.patch]\n',
  );
  const { code, stdout, stderr } = await shop.run([
    ...['audit', `${SEED}#refine-fix`, `${broken}#broken`, '--fix', FIX],
  ]);
  // Nothing was required, and it is no fault of the host.
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/a786ef152cdc +5\.0 +registration +present +cannot tell/);
  expect(stdout).toMatch(/broken: cannot tell: there is no kernel: /);
});
