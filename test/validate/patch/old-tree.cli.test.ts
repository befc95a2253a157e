// Trees from before X86_FEATURE_TSC_KNOWN_FREQ, cut down to what decides about registration.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeScratch, type Scratch } from '../../../harness/host/scratch.ts';
import { renderPatchReport } from '../../../harness/validate/patch/markdown.ts';
import { FAKE_FILES, writeTree } from '../../kernel-build/fake-tree.ts';
import { examineFake } from './patches.ts';

const TSC = `static int __init init_tsc_clocksource(void);

static int __init init_tsc_clocksource(void)
{
	if (!boot_cpu_has(X86_FEATURE_TSC) || tsc_disabled > 0 || !tsc_khz)
		return 0;

	/*
	 * Trust the results of the earlier calibration on systems
	 * exporting a reliable TSC.
	 */
	if (boot_cpu_has(X86_FEATURE_TSC_RELIABLE)) {
		clocksource_register_khz(&clocksource_tsc, tsc_khz);
		return 0;
	}

	schedule_delayed_work(&tsc_irqwork, 0);
	return 0;
}
`;
const KVM = `static unsigned long kvm_get_tsc_khz(void)
{
	unsigned long tsc_khz;

	tsc_khz = pvclock_tsc_khz(src);
	return tsc_khz;
}
`;
const setFlag = (flag: string): string => `--- a/arch/x86/kernel/kvmclock.c
+++ b/arch/x86/kernel/kvmclock.c
@@ -3,5 +3,6 @@
 	unsigned long tsc_khz;
 
 	tsc_khz = pvclock_tsc_khz(src);
+	setup_force_cpu_cap(${flag});
 	return tsc_khz;
 }
`;

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.remove());

async function examine(flags: readonly string[], patch: string) {
  await writeTree(join(scratch.path, 'tree'), {
    ...FAKE_FILES,
    'arch/x86/kernel/tsc.c': TSC,
    'arch/x86/kernel/kvmclock.c': KVM,
    'arch/x86/include/asm/cpufeature.h': flags.map((flag) => `#define ${flag} (3*32+23)\n`).join(''),
  });
  const path = join(scratch.path, 'one.patch');
  await writeFile(path, patch);
  return examineFake(scratch.path, [path]);
}

test('the known frequency without the flag: it does not even compile', async () => {
  const report = await examine(['X86_FEATURE_TSC_RELIABLE'], setFlag('X86_FEATURE_TSC_KNOWN_FREQ'));
  expect(report.remarks).toMatchObject([{ code: 'flag-unknown' }]);
  expect(report.related).toMatchObject([
    { id: '47c95a46d0fa', relation: 'prerequisite', inTree: { found: 0, of: 2 } },
  ]);
  const text = renderPatchReport(report);
  expect(text).toContain('needed by it');
  expect(text).toContain('the tree has nothing of it');
});

test('the flag defined, but no shortcut', async () => {
  const flags = ['X86_FEATURE_TSC_RELIABLE', 'X86_FEATURE_TSC_KNOWN_FREQ'];
  const report = await examine(flags, setFlag('X86_FEATURE_TSC_KNOWN_FREQ'));
  expect(report.remarks).toMatchObject([
    {
      code: 'no-shortcut',
      facts: [
        { file: 'arch/x86/kernel/kvmclock.c', line: 6 },
        { file: 'arch/x86/kernel/tsc.c', line: 12, text: '\tif (boot_cpu_has(X86_FEATURE_TSC_RELIABLE)) {' },
      ],
    },
  ]);
});

test('TSC_RELIABLE is what such a tree looks at: nothing to remark', async () => {
  const report = await examine(['X86_FEATURE_TSC_RELIABLE'], setFlag('X86_FEATURE_TSC_RELIABLE'));
  expect(report).toMatchObject({ applies: 'exactly', remarks: [] });
});
