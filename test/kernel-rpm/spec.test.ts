// What becomes of a spec: the build id, the patch among the sources, and its application, in every manner that is known.
import { expect, test } from 'vitest';
import { fitSpec, withoutBtf } from '../../harness/kernel/rpm/fit.ts';
import { changeSpec, conditionals } from '../../harness/kernel/rpm/spec.ts';
import { distOf } from '../../harness/kernel/rpm/srpm.ts';
import { autosetupSpec, el7Spec, patchMacroSpec } from './specs.ts';

const PARTS = { version: '3.10.0', release: '957' };
const CHANGE = { patch: 'linux-tsc.patch', buildid: '.tscheck' };

/** The lines that came in, each with the line before it. */
function added(text: string): string[] {
  const before = text.split('\n');
  const after = changeSpec(text, CHANGE).text.split('\n');
  return after.flatMap((line, at) => {
    const isOld = before.includes(line);
    return isOld ? [] : [`${after[at - 1] ?? ''} | ${line}`];
  });
}

test.each([
  [
    'el7',
    el7Spec(PARTS),
    [
      ' | %define buildid .tscheck',
      'Patch999999: linux-kernel-test.patch | Patch1000000: linux-tsc.patch',
      'ApplyOptionalPatch linux-kernel-test.patch | ApplyOptionalPatch linux-tsc.patch',
    ],
  ],
  [
    '%autosetup',
    autosetupSpec(PARTS),
    [
      'Version: 3.10.0 | Release: 957%{?dist}.tscheck',
      'Patch1: linux-kernel-test.patch | Patch3: linux-tsc.patch',
    ],
  ],
  [
    '%patchN, the last of them under a condition',
    patchMacroSpec(PARTS),
    [
      'Version: 3.10.0 | Release: 957%{?dist}.tscheck',
      'Patch1: linux-kernel-test.patch | Patch3: linux-tsc.patch',
      '%patch0 -p1 | %patch3 -p1',
    ],
  ],
  [
    'mkspec of the kernel, without any patch',
    'Name: kernel\nVersion: 6.1.0\nRelease: 1\nSource: kernel-6.1.0.tar.gz\n%description\n%prep\n%setup -q\n\n%build\nmake\n',
    [
      'Version: 6.1.0 | Release: 1.tscheck',
      'Source: kernel-6.1.0.tar.gz | Patch1000: linux-tsc.patch',
      '%setup -q | %patch -P 1000 -p1',
    ],
  ],
  [
    'ApplyPatch alone, all patches under nested conditions',
    'Name: k\nRelease: 1%{?buildid}\n%if 1\n%if 0\nPatch7: a.patch\n%endif\nBuildRequires: a\n%endif\n%prep\nApplyPatch()\n{\n  ApplyPatch x\n}\n%if 1\nApplyPatch a.patch\n%endif\ncd ..\n',
    [
      ' | %define buildid .tscheck',
      '%endif | Patch8: linux-tsc.patch',
      '%endif | ApplyPatch linux-tsc.patch',
    ],
  ],
  [
    '%autosetup that applies nothing, and %patch -P of a range in two lines',
    'Name: k\n%define buildid .old\nRelease: 1%{?buildid}\nPatch: a.patch\nPatch: b.patch\n%prep\n%autosetup -N -n x\n%patch -P 1 \\\n  -p1\ntouch y\n',
    [
      'Name: k | %define buildid .tscheck',
      'Patch: b.patch | Patch3: linux-tsc.patch',
      '  -p1 | %patch -P 3 -p1',
    ],
  ],
  [
    'git am of all',
    'Name: k\nRelease: %{?buildid}1\n# define buildid .local\nPatch1: a.patch\n%prep\n%setup -q -c\ngit am %{patches}\n',
    ['Release: %{?buildid}1 | %define buildid .tscheck', 'Patch1: a.patch | Patch2: linux-tsc.patch'],
  ],
])('%s', (_name, text, expected) => {
  expect(added(text)).toEqual(expected);
  // Once more: it has the patch, and takes another build id.
  const once = changeSpec(text, CHANGE).text;
  expect(changeSpec(once, CHANGE)).toEqual({ text: once, changes: [] });
});

test('a spec without a place for a patch is refused, and the manners are named', () => {
  const change = (text: string) => () => changeSpec(text, CHANGE);
  expect(change('Name: k\nRelease: 1\n%prep\ntar xf %{SOURCE0}\n')).toThrow(
    /manner that is not known.*ApplyOptionalPatch/,
  );
  // In the tree's parent a patch would not find the tree.
  expect(change('Name: k\nRelease: 1\n%prep\n%setup -q -c -n k\n')).toThrow(/manner that is not known/);
  expect(change('Name: k\nRelease: 1\n%build\nmake\n')).toThrow('it has no %prep');
  expect(change('# nothing\n')).toThrow('it names no package');
});

test('only the switches that a spec has are used, and what is switched off is listed', () => {
  const el7 = fitSpec(el7Spec(PARTS));
  expect(el7.switches).toEqual(['--with', 'baseonly', '--without', 'debug', '--without', 'kabichk']);
  expect(el7.off.join('\n')).toMatch(/--without kabichk: the check of the kABI/);
  expect(fitSpec(autosetupSpec(PARTS))).toMatchObject({ switches: [], off: [], spec: autosetupSpec(PARTS) });
  const bcond = conditionals(
    '%bcond_without perf\n%bcond_with gcov\n%bcond doc 1\n%changelog\n- _without_x\n',
  );
  expect([...bcond.without].sort()).toEqual(['doc', 'perf']);
  expect([...bcond.with].sort()).toEqual(['doc', 'gcov']);
});

test('signing and BTF are switched off where they are on', () => {
  const { spec, off } = fitSpec(
    '%ifarch x86_64\n%global signkernel 1\n%global signmodules 0\n%endif\n%pesign -s\n',
  );
  expect(spec).toBe('%ifarch x86_64\n%global signkernel 0\n%global signmodules 0\n%endif\n%pesign -s\n');
  expect(off).toEqual([
    "signkernel 0 in the spec that is built: signing needs the distribution's keys",
    '%pesign copies the kernel, which is not signed',
  ]);
  expect(withoutBtf('CONFIG_A=y\nCONFIG_DEBUG_INFO_BTF=y\nCONFIG_DEBUG_INFO_BTF_MODULES=y\n')).toBe(
    'CONFIG_A=y\n# CONFIG_DEBUG_INFO_BTF is not set\n# CONFIG_DEBUG_INFO_BTF_MODULES is not set\n',
  );
  expect(withoutBtf('# CONFIG_DEBUG_INFO_BTF is not set\n')).toBeNull();
});

test('the distribution is that of the file name', () => {
  expect(distOf('kernel-3.10.0-957.el7.src.rpm')).toBe('.el7');
  expect(distOf('kernel-5.14.0-362.24.1.el9_3.src.rpm')).toBe('.el9_3');
  expect(distOf('kernel-6.5.6-300.fc39.src.rpm')).toBe('.fc39');
  expect(distOf('kernel-6.1.0-1.src.rpm')).toBe('');
});
