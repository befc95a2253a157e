// --kernels: what is found in a folder, a list or a matrix, and in which order it is searched.
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { compareReleases, listKernels } from '../../harness/bisect/kernel-list.ts';
import { openCache } from '../../harness/host/cache.ts';
import { makeDeb, makeRpm } from '../kernel/packages.ts';
import { inScratch, tinyKernel } from '../kernel/tools.ts';

const kernelOf = (release: string): Buffer => tinyKernel({ version: `${release} (a@b) #1` });

async function inFolder(
  work: (folder: string, list: (...words: string[]) => Promise<string[]>) => Promise<void>,
) {
  await inScratch(async (scratch) => {
    const folder = join(scratch, 'kernels');
    await mkdir(folder);
    const cache = await openCache(join(scratch, 'cache'));
    await work(folder, async (...words) => (await listKernels(words, { cache })).map(({ name }) => name));
  });
}

test('a folder is in order of the versions that the images name, not of their file names', async () => {
  await inFolder(async (folder, list) => {
    await writeFile(join(folder, 'bzImage-a'), kernelOf('6.10.0'));
    await writeFile(join(folder, 'bzImage-b'), kernelOf('6.9.12'));
    await writeFile(join(folder, 'vmlinuz-z'), kernelOf('6.10.0-rc3'));
    await writeFile(join(folder, 'notes.txt'), 'no kernel');
    await writeFile(join(folder, 'config-6.1'), 'no kernel');
    await makeDeb(folder, { 'boot/vmlinuz-6.1.0-9-amd64': kernelOf('6.1.0-9-amd64') }, 'zz');
    // The same release twice: an update keeps it where the ABI is the same.
    for (const update of ['6.1.94-1', '6.1.119-1', '6.1.9-1']) {
      const files = { 'boot/vmlinuz-6.1.0-10-amd64': kernelOf('6.1.0-10-amd64') };
      await makeDeb(folder, { ...files, 'usr/share/doc/note': update }, `linux-image-${update}`);
    }
    expect(await list(folder)).toEqual([
      'zz.deb',
      'linux-image-6.1.9-1.deb',
      'linux-image-6.1.94-1.deb',
      'linux-image-6.1.119-1.deb',
      'bzImage-b',
      'vmlinuz-z',
      'bzImage-a',
    ]);
    // Several words are in the user's own order; a name that comes twice is told apart.
    const [a, b] = [join(folder, 'bzImage-a'), join(folder, 'bzImage-b')];
    expect(await list(a, b, a)).toEqual(['bzImage-a', 'bzImage-b', 'bzImage-a-2']);
  });
});

test('what is no list is refused, and what is no kernel is named', async () => {
  await inFolder(async (folder, list) => {
    const refusal = async (...words: string[]): Promise<string> => {
      const error = await list(...words).then(
        () => new Error('it was not refused'),
        (thrown: Error) => thrown,
      );
      if (!(error instanceof UserError)) throw error;
      return error.message;
    };
    expect(await refusal(folder)).toMatch(/no .deb or .rpm with a kernel, bzImage\* or vmlinuz\* in it/);
    await makeDeb(folder, { 'lib/modules/6.1.0/kernel/a.ko': 'no kernel' }, 'linux-modules');
    expect(await refusal(folder)).toMatch(/no .deb or .rpm with a kernel/);
    expect(await refusal(join(folder, 'nowhere'))).toMatch(/there is no such file or folder/);
    await writeFile(join(folder, 'bzImage'), kernelOf('6.1.0'));
    expect(await refusal(folder)).toMatch(/--kernels needs at least two kernels; found 1 in /);
    await writeFile(join(folder, 'vmlinuz'), 'text');
    expect(await refusal(folder)).toMatch(/vmlinuz/);
  });
});

test('releases: numbers by value, candidates before their release', () => {
  const sorted = [
    '5.10',
    '6.1.0-9-amd64',
    '6.1.0-10-amd64',
    '6.2-rc3',
    '6.2-rc10',
    '6.2',
    '6.2.1',
    '6.12~rc1',
    '6.12',
    // An update of a distribution: rpm takes a number for newer than a word.
    '6.12.0-55.el10.x86_64',
    '6.12.0-55.1.3.el10.x86_64',
  ];
  for (const [at, one] of sorted.entries()) {
    expect(compareReleases(one, one)).toBe(0);
    for (const later of sorted.slice(at + 1)) {
      expect(compareReleases(one, later), `${one} ${later}`).toBeLessThan(0);
      expect(compareReleases(later, one), `${later} ${one}`).toBeGreaterThan(0);
    }
  }
});

test('RPMs of any age are in the order of their versions, and those without a kernel are left out', async () => {
  await inFolder(async (folder, list) => {
    const made: (readonly [release: string, payload: string, epoch?: number])[] = [
      ['957.el7', 'w9.bzdio'],
      ['957.12.2.el7', 'w9.gzdio'],
      ['957.1.3.el7', 'w2.xzdio'],
      ['1160.el7', 'w3.zstdio'],
      // The epoch is newer than any version.
      ['514.el7', 'w2.lzdio', 1],
    ];
    for (const [release, payload, epoch] of made) {
      const uname = `3.10.0-${release}.x86_64`;
      const evr = { version: '3.10.0', release, payload, ...(epoch === undefined ? {} : { epoch }) };
      const rpm = await makeRpm(folder, { [`boot/vmlinuz-${uname}`]: kernelOf(uname) }, evr);
      await rename(rpm, join(folder, `kernel-${release}.rpm`));
    }
    const modules = await makeRpm(folder, { 'lib/modules/3.10.0/kernel/a.ko': 'no kernel' });
    await rename(modules, join(folder, 'kernel-modules.rpm'));
    const sorted = ['957.el7', '957.1.3.el7', '957.12.2.el7', '1160.el7', '514.el7'];
    expect(await list(folder)).toEqual(sorted.map((release) => `kernel-${release}.rpm`));
    // Of two folders each is in its order.
    expect(await list(folder, folder)).toHaveLength(10);
  });
});

test('Debian packages are in the order of their versions: a backport comes before what it is of', async () => {
  await inFolder(async (folder, list) => {
    for (const [name, version, abi] of [
      ['c', '6.12.9-1', '6.12.9-amd64'],
      ['b', '6.12.9-1~bpo12+1', '6.12.9+bpo-amd64'],
      ['a', '6.12.22-1', '6.12.22-amd64'],
    ] as const)
      await makeDeb(folder, { [`boot/vmlinuz-${abi}`]: kernelOf(abi) }, name, version);
    expect(await list(folder)).toEqual(['b.deb', 'c.deb', 'a.deb']);
  });
});
