// A series whose first patch does not compile, and whose second one mends that: nobody could bisect across it.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Statement } from '../../harness/validate/statement.ts';
import { openWorkshop, type Workshop } from '../cli/tscmatrix.ts';
import { BUILD_MS } from '../support/nested-boots.ts';
import { seedKernel } from '../support/seed-kernel.ts';

const SEED = join(import.meta.dirname, '..', '..', 'matrices', 'seed.yaml');

const patch = (title: string, from: string, to: string): string => `Subject: [PATCH] ${title}

---
--- a/init/main.c
+++ b/init/main.c
@@ -1431,7 +1431,7 @@
 	const char *const *p;
 
 	argv_init[0] = init_filename;
-	pr_info("Run %s as init process\\n", ${from});
+	pr_info("Run %s as init process\\n", ${to});
 	pr_debug("  with arguments:\\n");
 	for (p = argv_init; *p; p++)
 		pr_debug("    %s\\n", *p);
`;

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
  for (const name of ['stock', 'upstream-fixed']) await seedKernel(name);
  await mkdir(join(shop.folder, 'series'));
  await shop.file('series/0001-name.patch', patch('init: name it', 'init_filename', 'name_of_init'));
  await shop.file('series/0002-mend.patch', patch('init: mend it', 'name_of_init', 'argv_init[0]'));
}, BUILD_MS);
afterAll(() => shop.remove());

test('the step that does not build is named, though the whole series does', async () => {
  const args = [
    ...['--base', `${SEED}#stock`, '--reference', `${SEED}#upstream-fixed`, '--backport', 'series', '--each'],
    ...['--filter', 'case=kvm', '--filter', 'control=no', '--no-margins', '--json'],
  ];
  const ran = await shop.run(['validate', ...args]);
  expect(ran.code, ran.stderr).toBe(1);
  const steps = JSON.parse(ran.stdout) as Statement[];
  expect(steps.map(({ conclusion }) => conclusion.kind)).toEqual(['regresses', 'no-effect']);
  expect(steps[0]?.backport.what).toBe('1 of 2 patches, up to 0001-name.patch');
  expect(steps[0]?.guests[0]?.backport.verdicts).toEqual(['build-failed']);
}, 300_000);
