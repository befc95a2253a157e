// The project's patches and their reversals on the tree that they are made for: linux-source-6.1 of Debian.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeScratch, type Scratch } from '../../../harness/host/scratch.ts';
import { examineOn, hunksOf, projectPatch, reversed } from './patches.ts';

let scratch: Scratch;
beforeAll(async () => {
  scratch = await makeScratch();
});
afterAll(() => scratch.remove());

async function patchFile(name: string, text: string): Promise<string> {
  const path = join(scratch.path, name);
  await writeFile(path, text);
  return path;
}

const knownFreq = async () =>
  patchFile('known-freq.patch', await reversed(projectPatch('0002-drop-known-freq')));
const refineFix = async () => reversed(projectPatch('0001-drop-refine-fix'));

test('the known frequency on stock is the upstream commit, and its prerequisite is there', async () => {
  const report = await examineOn('stock', await knownFreq());
  expect(report).toMatchObject({
    applies: 'exactly',
    patches: [{ subject: null, hunks: [{ function: 'kvm_get_tsc_khz', state: 'exact', line: 116 }] }],
    remarks: [],
  });
  expect(report.alike).toMatchObject([
    {
      id: 'e10f78050323',
      release: 'v4.18',
      how: 'hunks',
      complete: true,
      partial: true,
      reverse: false,
      extra: [],
    },
  ]);
  expect(report.related).toMatchObject([
    { id: '47c95a46d0fa', relation: 'prerequisite', inTree: { found: 2, of: 2 } },
  ]);
});

test('the refinement fix is recognised with all of its hunks', async () => {
  const report = await examineOn('stock', await patchFile('refine.patch', await refineFix()));
  expect(report.applies).toBe('exactly');
  expect(report.alike).toMatchObject([{ id: 'a786ef152cdc', complete: true, how: 'hunks', extra: [] }]);
  expect(report.alike[0]?.hunks.map(({ state }) => state)).toEqual(Array(6).fill('same'));
  // Its hunk begins at a label: the function is read in the tree.
  expect(report.patches[0]?.hunks.at(-1)).toMatchObject({ function: 'tsc_refine_calibration_work' });
});

test('half of it says which hunks are missing', async () => {
  const half = hunksOf(await refineFix(), 1, 2, 3);
  const report = await examineOn('stock', await patchFile('half.patch', half));
  expect(report.applies).toBe('exactly');
  const [like] = report.alike;
  expect(like).toMatchObject({ id: 'a786ef152cdc', complete: false });
  const missing = like?.hunks.filter(({ state }) => state === 'missing') ?? [];
  expect(missing.map(({ function: name }) => name)).toEqual(Array(3).fill('tsc_refine_calibration_work'));
  expect(missing.flatMap((hunk) => hunk.missing)).toContain('+		goto restart;');
});

test('a hunk without one of its lines is there in part', async () => {
  const whole = await refineFix();
  // The restart is left out, as somebody would who does not see what the label is for.
  const less = whole
    .replace('+restart:\n', '')
    .replace(/@@ -1344,15 \+1345,14 @@/, '@@ -1344,14 +1345,14 @@');
  expect(less).not.toBe(whole);
  const fixed = less.replace(
    /^@@ -(1344),(\d+) \+(\d+),(\d+) @@/m,
    (_, a, b, c, d) => `@@ -${a},${b} +${c},${d - 1} @@`,
  );
  const report = await examineOn('stock', await patchFile('less.patch', fixed));
  const hunk = report.alike[0]?.hunks.find(({ state }) => state === 'partly');
  expect(hunk?.missing).toEqual(['+restart:']);
});

test('both fixes as a series: one is not extra beside the other', async () => {
  const refine = await patchFile('refine.patch', await refineFix());
  const report = await examineOn('stock', refine, await knownFreq());
  expect(report.applies).toBe('exactly');
  expect(report.alike.map(({ id, complete, extra }) => [id, complete, extra])).toEqual([
    ['a786ef152cdc', true, []],
    ['e10f78050323', true, []],
  ]);
});

test('a fix that is the base already', async () => {
  const report = await examineOn('upstream-fixed', await knownFreq());
  expect(report).toMatchObject({
    applies: 'already-there',
    patches: [{ applies: 'already-there', hunks: [{ state: 'already-there' }] }],
  });
  expect(report.remarks.map(({ code }) => code)).toEqual(['already-there']);
});

test('a fix that is the base already, in another context', async () => {
  const other = (await reversed(projectPatch('0002-drop-known-freq'))).replace(/^ {$/m, ' { /* brace */');
  const report = await examineOn('upstream-fixed', await patchFile('context.patch', other));
  expect(report).toMatchObject({
    applies: 'no',
    alike: [{ id: 'e10f78050323', inTree: { found: 1, of: 1 } }],
  });
  expect(report.remarks.map(({ code }) => code)).toContain('already-there');
});

test('a patch that takes a fix out', async () => {
  const report = await examineOn('upstream-fixed', projectPatch('0002-drop-known-freq'));
  expect(report.alike).toMatchObject([{ id: 'e10f78050323', reverse: true, complete: true }]);
  expect(report.remarks).toMatchObject([{ code: 'takes-out' }]);
  expect(report.patches[0]?.subject).toBe('x86/kvmclock: do not vouch for the frequency of the TSC');
});

test('a flag that this tree does not look at', async () => {
  const report = await examineOn('stock', projectPatch('0004-force-tsc-reliable'));
  expect(report.alike).toEqual([]);
  expect(report.remarks).toMatchObject([
    {
      code: 'flag-not-looked-at',
      facts: [
        { file: 'arch/x86/kernel/kvmclock.c', text: '\tsetup_force_cpu_cap(X86_FEATURE_TSC_RELIABLE);' },
        { file: 'arch/x86/kernel/tsc.c', text: '\tif (boot_cpu_has(X86_FEATURE_TSC_KNOWN_FREQ)) {' },
      ],
    },
  ]);
  const both = await examineOn(
    'stock',
    projectPatch('0004-force-tsc-reliable'),
    projectPatch('0005-register-on-tsc-reliable'),
  );
  expect(both.remarks.map(({ code }) => code)).toEqual(['registers-on-flag']);
});

test('a flag set in a tree without the shortcut', async () => {
  const shortcut = `--- a/arch/x86/kernel/tsc.c
+++ b/arch/x86/kernel/tsc.c
@@ -1417,5 +1417,5 @@
 	 * When TSC frequency is known (retrieved via MSR or CPUID), we skip
 	 * the refined calibration and directly register it as a clocksource.
 	 */
-	if (boot_cpu_has(X86_FEATURE_TSC_KNOWN_FREQ)) {
+	if (boot_cpu_has(X86_FEATURE_TSC_RELIABLE)) {
 		if (boot_cpu_has(X86_FEATURE_ART))
`;
  const old = await patchFile('no-shortcut.patch', shortcut);
  const report = await examineOn('stock', old, await knownFreq());
  expect(report.applies).not.toBe('no');
  expect(report.remarks.find(({ code }) => code === 'no-shortcut')?.text).toMatch(
    /looks at X86_FEATURE_TSC_RELIABLE/,
  );
});

test('a raised limit', async () => {
  const report = await examineOn('stock', projectPatch('0003-raise-threshold'));
  expect(report.alike).toEqual([]);
  expect(report.related).toMatchObject([{ id: 'a786ef152cdc', relation: 'same-lines' }]);
  expect(report.remarks).toMatchObject([{ code: 'limit-raised' }]);
  expect(report.remarks[0]?.text).toContain('5000000');
});

test('a patch for another state of the tree fails with both sides', async () => {
  const report = await examineOn('upstream-fixed', projectPatch('0003-raise-threshold'));
  expect(report).toMatchObject({ applies: 'no', patches: [{ hunks: [{ state: 'fails' }] }] });
  expect(report.patches[0]?.hunks[0]?.sides).toMatch(/SMI_TRESHOLD[\s\S]*TSC_DEFAULT_THRESHOLD/);
  expect(report.remarks.map(({ code }) => code)).toContain('another-tree');
});

test('a patch of the project that applies with an offset after another one', async () => {
  const report = await examineOn(
    'stock',
    projectPatch('0006-printk-markers'),
    projectPatch('0003-raise-threshold'),
  );
  expect(report.applies).toBe('shifted');
  expect(report.patches[1]?.hunks).toMatchObject([{ state: 'offset', offset: 4 }]);
});

test('a patch that has nothing to do with tsc', async () => {
  const text = `--- a/Documentation/process/howto.rst
+++ b/Documentation/process/howto.rst
@@ -1,5 +1,6 @@
 .. _process_howto:
 
+.. an unrelated line
 HOWTO do Linux kernel development
 =================================
 
`;
  const report = await examineOn('stock', await patchFile('unrelated.patch', text));
  expect(report).toMatchObject({ applies: 'exactly', alike: [], related: [] });
  expect(report.remarks).toMatchObject([{ code: 'unrelated' }]);
});

test('known commits that the tree has are there already, to the line', async () => {
  const folder = new URL('../../../images/kernels/upstream/', import.meta.url).pathname;
  const report = await examineOn('upstream-fixed', join(folder, '898ec52d2ba0.patch'));
  expect(report).toMatchObject({
    applies: 'already-there',
    alike: [{ id: '898ec52d2ba0', how: 'patch-id' }],
  });
  expect(await readFile(join(folder, '898ec52d2ba0.patch'), 'utf8')).toContain('xen_tsc_khz');
});
