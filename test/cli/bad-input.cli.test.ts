// Bad input: one clear message, a hint, exit code 2; and what was recorded before stays readable.
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { debianKernel } from '../support/kernels.ts';
import { KERNEL, MATRIX, openWorkshop, type Ran, type Workshop } from './tscmatrix.ts';

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
  await shop.file('good.yaml', MATRIX);
  await shop.file('bad.yaml', 'version: 1\naxes: { hpet: [on }\n');
  await shop.file('types.yaml', 'version: 1\nkernels: 7\naxes: { hpet: maybe, smp: [0, two] }\n');
  await shop.file('unknown.yaml', `version: 1\nkernels:\n  ${KERNEL}\naxis: { hpet: [on] }\n`);
  await shop.file('a-file', 'in the place of a folder\n');
  await shop.file('text-kernel', 'this is no kernel\n');
  await copyFile('/bin/true', join(shop.folder, 'elf-kernel'));
  for (const kind of ['text', 'elf']) {
    await shop.file(`${kind}.yaml`, `version: 1\nkernels: { it: { image: ${kind}-kernel } }\n`);
  }
  const { path } = await debianKernel('bookworm');
  const wrong = 'a'.repeat(64);
  await shop.file('sha.yaml', `version: 1\nkernels: { it: { image: ${path}, sha256: ${wrong} } }\n`);
});
afterAll(() => shop.remove());

/** One message, in the program's form, and nothing of a stack trace. */
function expectRefusal(ran: Ran, words: readonly RegExp[]): void {
  expect(ran.code, ran.stderr).toBe(2);
  expect(ran.stdout).toBe('');
  for (const word of words) expect(ran.stderr).toMatch(word);
  expect(ran.stderr).not.toMatch(/\bat .*\.ts:\d+|a defect of tscmatrix/);
}

test.each<[string, string[], RegExp[]]>([
  ['no matrix file', ['run', 'none.yaml'], [/none\.yaml/, /no such file/i]],
  ['a folder as matrix', ['plan', '.'], [/tscmatrix: /]],
  ['a file that is not YAML', ['run', 'bad.yaml'], [/bad\.yaml:2/]],
  ['wrong types', ['plan', 'types.yaml'], [/types\.yaml:2/, /types\.yaml:3.*hpet/, /smp/]],
  ['an unknown key', ['plan', 'unknown.yaml'], [/unknown\.yaml:4/, /axes/]],
  ['an unknown axis in a filter', ['run', 'good.yaml', '--filter', 'hpt=on'], [/hpt/, /hpet/]],
  ['an unknown value in a filter', ['plan', 'good.yaml', '--filter', 'hpet=maybe'], [/maybe/, /on|off/]],
  ['a filter without a value', ['plan', 'good.yaml', '--filter', 'hpet'], [/hpet/, /=/]],
  ['an unknown reporter', ['run', 'good.yaml', '--reporter', 'html5'], [/html5/, /junit/]],
  ['a report where no folder is', ['run', 'good.yaml', '--reporter', 'tap=none/x.tap'], [/none\/x\.tap/]],
  ['two documents on stdout', ['run', 'good.yaml', '--json', '--reporter', 'tap'], [/json/, /tap/]],
  ['no jobs', ['run', 'good.yaml', '--jobs', '0'], [/--jobs/, /at least 1/]],
  ['a part of a boot', ['run', 'good.yaml', '--repeat', '1.5'], [/--repeat/]],
  ['a timeout in words', ['run', 'good.yaml', '--timeout', 'soon'], [/--timeout/, /soon/]],
  ['a negative timeout', ['run', 'good.yaml', '--timeout=-3'], [/--timeout/]],
  ['an unknown command', ['rnu', 'good.yaml'], [/rnu/, /run/]],
  ['an unknown option', ['run', 'good.yaml', '--filtr', 'a=b'], [/--filtr/, /--filter/]],
  ['no matrix named', ['run'], [/matrix/]],
  ['a file in the place of the results', ['run', 'good.yaml', '--results', 'a-file'], [/a-file/]],
  ['results below a file', ['run', 'good.yaml', '--results', 'a-file/results'], [/a-file/]],
  ['a report of nothing', ['report', '--results', 'none'], [/no runs/, /hint: /]],
  ['a kernel of text', ['boot', 'text-kernel'], [/text-kernel/, /hint: /]],
  ['a kernel that is a program', ['boot', 'elf-kernel'], [/elf-kernel/, /hint: /]],
  ['a kernel that is not there', ['boot', 'no-kernel'], [/no-kernel/]],
  ['a package that nobody names so', ['boot', 'debian:NOT A NAME'], [/NOT A NAME/, /hint: /]],
  ['a machine of no version', ['boot', 'text-kernel', '--machine', 'isapc'], [/--machine/]],
  ['no memory', ['boot', 'text-kernel', '--memory', 'lots'], [/--memory/]],
  ['an HPET that is neither', ['boot', 'text-kernel', '--hpet', 'maybe'], [/--hpet/]],
  [
    'a personality of an emulated CPU',
    ['boot', 'x', '--personality', 'xen'],
    [/impossible/, /hint: .*nested/],
  ],
  ['no personality', ['boot', 'x', '--personality', 'zen'], [/--personality zen/, /hint: .*xen/]],
  ['a delay without a unit', ['boot', 'x', '--ref-delay', '1.5'], [/--ref-delay 1\.5/, /10us/]],
  ['an emulator of no name', ['boot', 'x', '--emulator', 'qemu'], [/--emulator qemu/, /pinned, system/]],
  [
    'counted instructions under KVM',
    ['boot', 'x', '--topology', 'kvm', '--clock', 'deterministic'],
    [/impossible/, /hint: /],
  ],
])('%s', async (_, args, words) => {
  expectRefusal(await shop.run(args), words);
});

test.each([
  ['text', /no kernel|not a kernel|neither/],
  ['elf', /no kernel|not a kernel|neither|ELF/],
  ['sha', /wrong sha256|sha256/],
])('a matrix whose kernel is wrong (%s): the record of the run can be read', async (name, words) => {
  const ran = await shop.run(['run', `${name}.yaml`, '--results', `r-${name}`]);
  expect(ran.code, ran.stderr).toBe(2);
  expect(ran.stderr).toMatch(words);
  expect(ran.stderr).toContain('hint: ');
  const report = await shop.run(['report', '--results', `r-${name}`, '--json']);
  expect(report.code, report.stderr).toBe(0);
  const document = JSON.parse(report.stdout);
  expect(document).toMatchObject({ complete: false, kernels: [{ name: 'it' }] });
  expect(document.kernels[0].failure).toMatch(words);
  expect(document.cells).toHaveLength(1);
  expect(document.cells[0]).toMatchObject({ outcome: 'infra-error', lost: true, boots: [] });
});

test('a host without that QEMU: 69, and what to install', async () => {
  const ran = await shop.run(['run', 'good.yaml', '--qemu', '/nonexistent/qemu', '--results', 'r-qemu']);
  expect(ran.code, ran.stderr).toBe(69);
  expect(ran.stderr).toContain('/nonexistent/qemu');
  expect(ran.stderr).toMatch(/qemu-system-x86/);
  const boot = await shop.run([
    'boot',
    'debian:linux-image-cloud-amd64@bookworm',
    '--qemu',
    '/nonexistent/qemu',
  ]);
  expect(boot.code, boot.stderr).toBe(69);
  expect(boot.stdout + boot.stderr).toMatch(/qemu-system-x86/);
});

test('nothing of all that is left in the temp folder', async () => {
  expect(await shop.leftovers()).toEqual([]);
});
