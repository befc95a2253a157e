import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { UserError } from '../../../harness/base/errors.ts';
import { openCache } from '../../../harness/host/cache.ts';
import { buildFailure } from '../../../harness/image/qemu/compile.ts';
import { FIRMWARE, upstreamVersion } from '../../../harness/image/qemu/origins.ts';
import { keysOf, patchNames, readRecipe } from '../../../harness/image/qemu/recipe.ts';
import { findStored, storeFolder } from '../../../harness/image/qemu/store.ts';
import { parseLdd } from '../../../harness/image/qemu/toolchain.ts';
import type { Origins } from '../../../harness/image/qemu/types.ts';
import { parseSources } from '../../../harness/kernel/package/apt-source.ts';
import { inScratch } from '../../kernel/tools.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const SHA = (letter: string) => letter.repeat(64);

const SOURCES = `Package: qemu
Binary: qemu-system, qemu-system-x86
Version: 1:10.0.2+ds-1
Checksums-Sha256:
 ${SHA('a')} 7000 qemu_10.0.2+ds-1.dsc
 ${SHA('b')} 39000000 qemu_10.0.2+ds.orig.tar.xz
Homepage: http://www.qemu.org/

Package: qemu
Version: 1:10.0.13+ds-0+deb13u1
Files:
 00000000000000000000000000000000 5 not-this.dsc
Checksums-Sha256:
 ${SHA('c')} 7001 qemu_10.0.13+ds-0+deb13u1.dsc
`;

test('source packages are read with the digests of their files', () => {
  expect(parseSources(SOURCES)).toEqual([
    {
      package: 'qemu',
      version: '1:10.0.2+ds-1',
      files: [
        { name: 'qemu_10.0.2+ds-1.dsc', sha256: SHA('a'), bytes: 7000 },
        { name: 'qemu_10.0.2+ds.orig.tar.xz', sha256: SHA('b'), bytes: 39000000 },
      ],
    },
    {
      package: 'qemu',
      version: '1:10.0.13+ds-0+deb13u1',
      files: [{ name: 'qemu_10.0.13+ds-0+deb13u1.dsc', sha256: SHA('c'), bytes: 7001 }],
    },
  ]);
  expect(parseSources('W: Unable to locate package qemu\n')).toEqual([]);
});

test.each([
  ['1:10.0.13+ds-0+deb13u1', '10.0.13'],
  ['10.1.0~rc2-1', '10.1.0'],
  ['2:9.2-3', '9.2'],
])('Debian calls QEMU %s, itself says %s', (debian, own) => {
  expect(upstreamVersion(debian)).toBe(own);
});

test('the libraries of a program are read from ldd, and a missing one is an error', () => {
  const text = `	linux-vdso.so.1 (0x00007ffc)
	libm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f01)
	/lib64/ld-linux-x86-64.so.2 (0x00007f02)
`;
  expect(parseLdd(text, 'p')).toEqual(['/lib/x86_64-linux-gnu/libm.so.6', '/lib64/ld-linux-x86-64.so.2']);
  expect(parseLdd('	statically linked\n', 'p')).toEqual([]);
  expect(() => parseLdd('	libgone.so.1 => not found\n', 'p')).toThrow(/needs libgone.so.1/);
});

const ORIGINS: Origins = {
  suite: 'trixie',
  source: { version: '1:10.0.13-1', files: [{ name: 'qemu.dsc', sha256: SHA('a'), bytes: 1 }] },
  packages: {
    meson: { version: '1', sha256: SHA('b') },
    seabios: { version: '1', sha256: SHA('c') },
    'qemu-system-data': { version: '1', sha256: SHA('d') },
  },
};
const TOOLCHAIN = { identity: 'gcc 12', compiler: 'gcc 12', libraries: [], glibFolder: '/' };

test('a compiler decides the key alone, firmware and patches the behaviour too', async () => {
  const recipe = await readRecipe();
  const keys = keysOf(ORIGINS, recipe, TOOLCHAIN);
  const otherCompiler = keysOf(ORIGINS, recipe, { ...TOOLCHAIN, identity: 'gcc 13' });
  expect(otherCompiler.behaviour).toBe(keys.behaviour);
  expect(otherCompiler.key).not.toBe(keys.key);
  const seabios = { version: '1', sha256: SHA('e') };
  const others = [
    keysOf({ ...ORIGINS, packages: { ...ORIGINS.packages, seabios } }, recipe, TOOLCHAIN),
    keysOf(ORIGINS, { ...recipe, patches: [] }, TOOLCHAIN),
    keysOf(ORIGINS, { ...recipe, devices: { ...recipe.devices, sha256: SHA('f') } }, TOOLCHAIN),
  ];
  const seen = [keys, ...others];
  expect(new Set(seen.map(({ key }) => key)).size).toBe(seen.length);
  expect(new Set(seen.map(({ behaviour }) => behaviour)).size).toBe(seen.length);
  const meson = { version: '2', sha256: SHA('e') };
  const otherMeson = keysOf({ ...ORIGINS, packages: { ...ORIGINS.packages, meson } }, recipe, TOOLCHAIN);
  expect(otherMeson.behaviour).toBe(keys.behaviour);
  expect(otherMeson.key).not.toBe(keys.key);
});

test('every package that firmware comes from names its files', () => {
  expect(Object.keys(FIRMWARE).sort()).toEqual(['qemu-system-data', 'seabios']);
});

test('each patch says in a header what it mends and where the fault was seen', async () => {
  const recipe = await readRecipe();
  expect(patchNames(recipe)).not.toEqual([]);
  for (const { name, content } of recipe.patches) {
    const [header = ''] = content.toString('utf8').split('\n---\n');
    expect(header.split('\n')[0], name).toMatch(/^[a-z0-9/]+: .{10,65}$/);
    expect(header, name).toMatch(/^Seen (?:as|with) /m);
  }
});

test('a series that names a patch which is not there is the input of whoever wrote it', () =>
  inScratch(async (folder) => {
    await mkdir(join(folder, 'patches'));
    await writeFile(join(folder, 'patches', 'series'), '# none yet\n0001-gone.patch\n');
    await writeFile(join(folder, 'devices.mak'), '');
    await expect(readRecipe(folder)).rejects.toThrow(UserError);
    await expect(readRecipe(folder)).rejects.toThrow(/0001-gone.patch: there is no such file/);
  }));

test('a failed compilation shows its first error and the log', () => {
  const lines = [
    '[7/9] Compiling C object a.o',
    '../a.c:3:1: error: unknown type\x1b[0m',
    'ninja: build stopped.',
  ];
  const error = buildFailure('ninja', 1, lines, '/logs/build.log');
  expect(error).toMatchObject({ code: 'emulator-build', hint: expect.stringContaining('emulator: system') });
  expect(error.message).toContain('../a.c:3:1: error: unknown type?[0m');
  expect(error.message).toContain('/logs/build.log');
  expect(buildFailure('ninja', 1, ['x: No space left on device'], 'l').code).toBe('no-space');
  const configure = buildFailure('../tree/configure', 1, ['ERROR: Dependency "glib-2.0" not found'], 'l');
  expect(configure.message).toContain('configure ended with 1');
  expect(configure.message).toContain('Dependency "glib-2.0" not found');
});

test('an emulator in the cache whose bytes have changed is not used', () =>
  inScratch(async (folder) => {
    const cache = await openCache(join(folder, 'cache'));
    const made = join(folder, 'made');
    await mkdir(join(made, 'bin'), { recursive: true });
    await writeFile(join(made, 'bin', 'program'), 'whole');
    const key = SHA('a');
    const facts = {
      version: '1',
      debianVersion: '1-1',
      key,
      behaviour: SHA('b'),
      patches: [],
      compiler: '',
      seconds: 1,
    };
    await storeFolder(cache, made, facts);
    const found = await findStored(cache, key);
    expect(found?.manifest).toMatchObject(facts);
    await writeFile(join(found?.folder ?? '', 'bin', 'program'), 'other');
    const damage: string[] = [];
    expect(await findStored(cache, key, (text) => damage.push(text))).toBeUndefined();
    expect(damage.join()).toContain('was damaged');
    expect(await findStored(cache, key)).toBeUndefined();
  }));
