// The way of the field report, with a tree of a few lines: prepare, change, patch, build; and what is refused.
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { confinement } from '../../harness/host/confine/confine.ts';
import { openWorkshop, type Workshop } from '../cli/tscmatrix.ts';
import { makeRpm } from '../kernel/packages.ts';
import { tinyKernel } from '../kernel/tools.ts';
import { buildFake, FAKE_FILES, TWO_PATCH, writeTree } from '../kernel-build/fake-tree.ts';
import { autosetupSpec, el7Spec, makeSrpm, NEW_FILE } from './specs.ts';

const VERSION = '3.10.0';
const TREE = `linux-${VERSION}`;
const PARTS = { version: VERSION, release: '957' };
/** The distribution's own patch, which ApplyOptionalPatch takes for one: it has more than nine lines. */
const TEST_PATCH = `Of the distribution.\n\n\n\n\n${TWO_PATCH}`;
const SOURCES = {
  'kernel-x86_64.config': 'CONFIG_ONE=y\n',
  'linux-one.patch': NEW_FILE,
  'linux-kernel-test.patch': TEST_PATCH,
};

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
  await writeTree(join(shop.folder, TREE), {
    ...FAKE_FILES,
    'arch/x86/Kconfig': '',
    // As a tree that was built in itself: kbuild with O= refuses it.
    Makefile: `${FAKE_FILES.Makefile}mrproper:\n\t@rm -f .config\n`,
  });
});
afterAll(() => shop.remove());

async function srpm(name: string, spec: string): Promise<string> {
  const folder = join(shop.folder, name);
  return makeSrpm(folder, spec, SOURCES, { tree: join(shop.folder, TREE), name: TREE });
}

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await shop.run(args);
  expect(code, stderr).toBe(0);
  return stdout + stderr;
}

async function refused(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await shop.run(args);
  expect(code, stderr).toBe(2);
  expect(stdout).toBe('');
  return stderr;
}

const read = (...parts: string[]): Promise<string> => readFile(join(shop.folder, ...parts), 'utf8');

test.each([
  ['el7', el7Spec(PARTS)],
  ['autosetup', autosetupSpec(PARTS)],
])('a package in the manner of %s: prepared, changed, patched and built', async (name, spec) => {
  const path = await srpm(name, spec);
  const place = `${name}-place`;
  expect(await ok('rpm', 'prepare', path, '--output', place)).toMatch(/to be changed .*changed\n/);
  // %prep has applied the distribution's patches, in both copies, which are files of their own.
  expect(await read(place, 'original', 'one.txt')).toBe('of the distribution\n');
  expect(await read(place, 'original', 'two.c')).toMatch('return 3');
  const [one, other] = await Promise.all(
    ['original', 'changed'].map((copy) => stat(join(shop.folder, place, copy, 'one.c'))),
  );
  expect(one?.ino).not.toBe(other?.ino);
  expect(await refused('rpm', 'patch', place)).toMatch(/there is nothing to make a patch of/);

  await writeFile(join(shop.folder, place, 'changed', 'include', 'limit.h'), '#define LIMIT 5000000\n');
  await writeFile(join(shop.folder, place, 'changed', 'new.h'), '#define NEW\n');
  await writeFile(join(shop.folder, place, 'changed', 'one.c~'), 'left by an editor\n');
  const said = await ok('rpm', 'patch', place, '--buildid', '.tscheck', '--subject', 'raise the limit');
  expect(said).toMatch(/include\/limit\.h\n {2}new\.h\n/);
  expect(said).not.toContain('one.c~');
  const [patch = ''] = (await readdir(join(shop.folder, place, 'SOURCES'))).filter((each) =>
    /957/.test(each),
  );
  expect(await read(place, 'SOURCES', patch)).toMatch(
    /^From [\s\S]*Subject: \[PATCH\] raise the limit\n[\s\S]*--- a\/include/,
  );
  // A second time it is made anew, and the spec stays.
  const spec1 = await read(place, 'SPECS', 'kernel.spec');
  expect(await ok('rpm', 'patch', place, '--buildid', '.tscheck')).toMatch('has it already');
  expect(await read(place, 'SPECS', 'kernel.spec')).toBe(spec1);

  const built = await ok('rpm', 'build', place, '--jobs', '2');
  expect(built).toMatch('kernel-3.10.0-957.el7.tscheck.x86_64.rpm');
  expect(built).toMatch('2 files compiled');
  expect((await readdir(join(shop.folder, place))).filter((each) => /^BUILD/.test(each))).toEqual([]);
  const booted = await shop.run(['rpm', 'boot', place, '--qemu', '/nowhere/qemu']);
  expect(booted.code).toBe(69);
  // The fake tree knows none of the guest's options.
  expect(booted.stderr).toMatch('the guest cannot report: CONFIG_BLK_DEV_INITRD=n');
});

test('a matrix builds the tree with the patches of the distribution, or without', async () => {
  const path = await srpm('matrix', el7Spec(PARTS));
  const build = (source: object) => buildFake(shop.folder, { source });
  const plain = await build({ srpm: path });
  const prepared = await build({ srpm: path, prepared: true });
  expect(prepared.sha256).not.toBe(plain.sha256);
  expect(prepared.origin).toMatch(/\.src\.rpm, prepared, /);
  expect((await build({ srpm: path, prepared: true })).cached).toBe(true);
  // By hand: two.c is all of it that is compiled.
  await writeFile(join(shop.folder, 'two.patch'), TWO_PATCH);
  const byHand = await buildFake(shop.folder, { source: { directory: TREE }, patches: ['two.patch'] });
  expect(prepared.sha256).toBe(byHand.sha256);
});

test('what is no source RPM of a kernel is refused with its place, and nothing is left', async () => {
  const other = await makeRpm(join(shop.folder, 'matrix'), { 'boot/vmlinuz-1': tinyKernel() });
  const output = ['--output', 'refused'];
  expect(await refused('rpm', 'prepare', other, ...output)).toMatch(/has no spec among its 1 members/);
  expect(await refused('rpm', 'prepair', other)).toMatch(/no step "prepair"[\s\S]*prepare/);
  expect(await refused('rpm', 'build', 'x', ...output)).toMatch(
    /--output goes with rpm prepare, not with rpm build/,
  );
  expect(await refused('rpm', 'prepare', 'nowhere.src.rpm', ...output)).toMatch(/no such file/);
  const text = await shop.file('text.src.rpm', 'text');
  expect(await refused('rpm', 'prepare', text, ...output)).toMatch(
    /text\.src\.rpm is not a source RPM: it is text/,
  );
  const bad = autosetupSpec(PARTS);
  const two = await makeSrpm(
    join(shop.folder, 'two'),
    `Source2: b.spec\n${bad}`,
    { ...SOURCES, 'b.spec': bad },
    { tree: join(shop.folder, TREE), name: TREE },
  );
  expect(await refused('rpm', 'prepare', two, ...output)).toMatch(
    /more than one spec: (?:b|kernel)\.spec, (?:b|kernel)\.spec/,
  );
  // It can be read, and so be packed, where %rhel is not known.
  const broken = `%{?rhel:Oddity: 1}\n${bad}`;
  const unread = await srpm('unread', broken);
  expect(await refused('rpm', 'prepare', unread, ...output)).toMatch(
    /kernel\.spec in .*:1: rpm cannot read the spec: Unknown tag: Oddity/,
  );
  const none = await srpm(
    'none',
    bad.replace('%autosetup -p1 -n linux-%{version}', '%setup -q -c -T -n nothing'),
  );
  expect(await refused('rpm', 'prepare', none, ...output)).toMatch(/holds no kernel/);
  expect(await readdir(shop.folder)).not.toContain('refused');

  await mkdir(join(shop.folder, 'mine'));
  await shop.file('mine/notes.txt', 'mine');
  expect(await refused('rpm', 'prepare', none, '--output', 'mine')).toMatch(/mine is not empty/);
  expect(await refused('rpm', 'patch', 'mine')).toMatch(/no source RPM was prepared there/);
  expect(await refused('rpm', 'build', 'mine')).toMatch(/no source RPM was prepared there/);
  expect(await read('mine', 'notes.txt')).toBe('mine');
});

test('a section that fails shows its first error, and ends with 1', async () => {
  const path = await srpm(
    'failing',
    autosetupSpec(PARTS).replace('%install\n', '%install\ncc -c nowhere.c\n'),
  );
  await ok('rpm', 'prepare', path, '--output', 'failing-place');
  const { code, stderr } = await shop.run(['rpm', 'build', 'failing-place']);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /rpmbuild ended in %install of .*kernel\.spec: cc1: fatal error: nowhere\.c: No such file/,
  );
  expect(stderr).toMatch(/all of it: .*failing-place\/build\.log/);
});

test('scripts of a spec are confined', async (context) => {
  if ((await confinement()).by === null) return context.skip();
  const mark = join(shop.folder, 'marks');
  const spec = autosetupSpec(PARTS)
    .replace('Summary:', `%define x %(touch ${mark}-read 2>/dev/null; echo 1)\n# %{x}\nSummary:`)
    .replace('%build\n', `touch ${mark}-prep 2>/dev/null || true\n%build\n`);
  const path = await srpm('hostile', spec);
  // rpmbuild -bs of this test has run it: not ours.
  await rm(`${mark}-read`, { force: true });
  await ok('rpm', 'prepare', path, '--output', 'hostile-place');
  expect((await readdir(shop.folder)).filter((name) => name.startsWith('marks'))).toEqual([]);
  expect(await shop.leftovers()).toEqual([]);
});

test('Ctrl-C ends a build with all that it started', async () => {
  const seconds = `${4000 + (process.pid % 1000)}.25`;
  const path = await srpm(
    'slow',
    autosetupSpec(PARTS).replace('make -s olddefconfig', `echo begun; sleep ${seconds}`),
  );
  await ok('rpm', 'prepare', path, '--output', 'slow-place');
  const started = shop.start(['rpm', 'build', 'slow-place']);
  await started.says('%build');
  const log = join(shop.folder, 'slow-place', 'build.log');
  while (!(await readFile(log, 'utf8')).includes('begun\n'))
    await new Promise((resolve) => setTimeout(resolve, 50));
  started.interrupt();
  expect((await started.done).code).toBe(130);
  const commands = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  expect(commands.filter((command) => command.includes(seconds))).toEqual([]);
});
