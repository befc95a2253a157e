import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCache } from '../../harness/host/cache.ts';
import { acquireKernel } from '../../harness/kernel/acquire.ts';
import { inScratch, sha256 } from '../kernel/tools.ts';
import {
  buildFake,
  FAKE_FILES,
  fakeEntry,
  LIMIT_PATCH,
  TWO_PATCH,
  writeProgram,
  writeTree,
} from './fake-tree.ts';

/** Variants with files beside the tree. */
async function inTree<T>(work: (folder: string) => Promise<T>): Promise<T> {
  return inScratch(async (folder) => {
    await writeTree(join(folder, 'tree'));
    await writeFile(join(folder, 'two.patch'), TWO_PATCH);
    await writeFile(join(folder, 'limit.patch'), LIMIT_PATCH);
    return work(folder);
  });
}

test('a kernel is built once, and its facts say from what', () =>
  inTree(async (folder) => {
    const first = await buildFake(folder, { patches: ['two.patch'] });
    expect(first.cached).toBe(false);
    expect(first.release).toBe('3.10.0-fake');
    expect(sha256(await readFile(first.path))).toBe(first.sha256);
    expect(first.build).toMatchObject({
      patches: [{ name: join(folder, 'two.patch'), sha256: sha256(TWO_PATCH), shifts: [] }],
      steps: 4,
    });
    expect(first.build?.buildId).toMatch(/^[0-9a-f]{40}$/);
    expect(first.build?.compiler).toContain('gcc');
    expect(await readFile(first.build?.logPath ?? '', 'utf8')).toContain('  CC      two.o');

    const second = await buildFake(folder, { patches: ['two.patch'] });
    expect(second.cached).toBe(true);
    expect(second.sha256).toBe(first.sha256);
    expect(second.build).toEqual(first.build);
  }));

test("the user's tree stays as it is", () =>
  inTree(async (folder) => {
    const before = await Promise.all(Object.keys(FAKE_FILES).map((file) => stat(join(folder, 'tree', file))));
    await buildFake(folder, { patches: ['two.patch', 'limit.patch'] });
    const after = await Promise.all(Object.keys(FAKE_FILES).map((file) => stat(join(folder, 'tree', file))));
    expect(after.map(({ mtimeMs, ino, nlink }) => [mtimeMs, ino, nlink])).toEqual(
      before.map(({ mtimeMs, ino, nlink }) => [mtimeMs, ino, nlink]),
    );
    for (const [file, text] of Object.entries(FAKE_FILES))
      expect(await readFile(join(folder, 'tree', file), 'utf8')).toBe(text);
    expect(new Set(await readdir(join(folder, 'tree')))).toEqual(
      new Set([...Object.keys(FAKE_FILES).map((file) => file.split('/')[0]), 'header.bin']),
    );
  }));

test('a variant compiles what its files concern, and the way back gives the same bytes', () =>
  inTree(async (folder) => {
    const plain = await buildFake(folder);
    const three = await buildFake(folder, { patches: ['two.patch'] });
    expect(await readFile(three.build?.logPath ?? '', 'utf8')).not.toContain('CC      one.o');
    expect(three.sha256).not.toBe(plain.sha256);
    const limit = await buildFake(folder, { patches: ['limit.patch'] });
    expect(new Set([plain, three, limit].map((image) => image.sha256)).size).toBe(3);

    const again = await buildFake(folder, {}, { force: true });
    expect(again.cached).toBe(false);
    expect(again.sha256).toBe(plain.sha256);
    const elsewhere = await openCache(join(folder, 'deeper', 'other-cache'));
    expect((await buildFake(folder, { patches: ['two.patch'] }, { cache: elsewhere })).sha256).toBe(
      three.sha256,
    );
  }));

test('a variant may add files, take files away and change what can be executed', () =>
  inTree(async (folder) => {
    const patch = `diff --git a/one.c b/one.c
--- a/one.c
+++ b/one.c
@@ -1,8 +1,3 @@
 #include "limit.h"
 
-int one(void)
-{
-	int limit = LIMIT;
-
-	return limit;
-}
+#include "extra.h"
diff --git a/include/extra.h b/include/extra.h
new file mode 100644
--- /dev/null
+++ b/include/extra.h
@@ -0,0 +1 @@
+int one(void) { return 7; }
diff --git a/notes.txt b/notes.txt
deleted file mode 100644
--- a/notes.txt
+++ /dev/null
@@ -1,6 +0,0 @@
-a
-b
-c
-d
-e
-f
diff --git a/two.c b/two.c
old mode 100644
new mode 100755
`;
    await writeFile(join(folder, 'files.patch'), patch);
    const plain = await buildFake(folder);
    const changed = await buildFake(folder, { patches: ['files.patch'] });
    expect(changed.sha256).not.toBe(plain.sha256);
    const cache = join(folder, 'cache', 'build', 'work');
    const tree = join(cache, (await readdir(cache))[0] ?? '', 'tree');
    expect(await readdir(tree)).not.toContain('notes.txt');
    expect(await readdir(join(tree, 'include'))).toContain('extra.h');
    expect((await stat(join(tree, 'two.c'))).mode & 0o111).not.toBe(0);

    expect((await buildFake(folder, {}, { force: true })).sha256).toBe(plain.sha256);
    expect(await readFile(join(tree, 'notes.txt'), 'utf8')).toBe(FAKE_FILES['notes.txt']);
    expect(await readdir(join(tree, 'include'))).not.toContain('extra.h');
    expect((await stat(join(tree, 'two.c'))).mode & 0o111).toBe(0);
  }));

test('fuzz and offsets are reported, and fuzz can be forbidden', () =>
  inTree(async (folder) => {
    const shifted = TWO_PATCH.replace(' int two(void)', ' int twenty(void)');
    await writeFile(join(folder, 'fuzzy.patch'), shifted);
    await writeFile(
      join(folder, 'down.patch'),
      '--- a/notes.txt\n+++ b/notes.txt\n@@ -1,3 +1,3 @@\n d\n-e\n+E\n f\n',
    );
    const image = await buildFake(folder, { patches: ['fuzzy.patch', 'down.patch'] });
    expect(image.build?.patches.map(({ shifts }) => shifts)).toEqual([
      [{ file: 'two.c', hunk: 1, fuzz: 1, offset: 0 }],
      [{ file: 'notes.txt', hunk: 1, fuzz: 0, offset: 3 }],
    ]);
    await expect(buildFake(folder, { patches: ['fuzzy.patch'], fuzz: 0 })).rejects.toMatchObject({
      fault: 'patch',
    });
  }));

test('a series names its variants; its patches come before the others', () =>
  inTree(async (folder) => {
    const series = 'variants:\n  three: { about: three, patches: [two.patch] }\n  plain: { patches: [] }\n';
    await writeFile(join(folder, 'series.yaml'), series);
    await writeFile(
      join(folder, 'four.patch'),
      TWO_PATCH.replace('return 3', 'return 4').replace('return 2', 'return 3'),
    );
    const three = await buildFake(folder, { series: { file: 'series.yaml', variant: 'three' } });
    expect(three.sha256).toBe((await buildFake(folder, { patches: ['two.patch'] })).sha256);
    const four = await buildFake(folder, {
      series: { file: 'series.yaml', variant: 'three' },
      patches: ['four.patch'],
    });
    expect(four.build?.patches).toHaveLength(2);
    await expect(buildFake(folder, { series: { file: 'series.yaml', variant: 'thre' } })).rejects.toThrow(
      'has no variant "thre"',
    );
  }));

test('what was asked of the configuration is what was built with', () =>
  inTree(async (folder) => {
    await writeFile(join(folder, 'more.config'), 'CONFIG_ONE=y\n# CONFIG_TWO is not set\n');
    const keys = {
      config: { fragments: ['more.config'], set: { CONFIG_TWO: 'y', CONFIG_NAME: 'some name' } },
    };
    const image = await buildFake(folder, keys);
    expect(await readFile(image.build?.configPath ?? '', 'utf8')).toBe(
      'CONFIG_ONE=y\nCONFIG_TWO=y\nCONFIG_NAME="some name"\n',
    );
    // The guest's own options are none of this tree's: a note, not an error.
    expect(image.build?.unknownOptions).toContain('CONFIG_HPET_TIMER');
    expect(image.build?.unknownOptions).not.toContain('CONFIG_ONE');
  }));

test('a configuration of its own is the base', () =>
  inTree(async (folder) => {
    await writeFile(join(folder, 'old.config'), '# from elsewhere\nCONFIG_ONE=y\nCONFIG_GONE=y\n');
    const image = await buildFake(folder, {
      config: { base: { file: 'old.config' }, set: { CONFIG_TWO: 'y' } },
    });
    expect(await readFile(image.build?.configPath ?? '', 'utf8')).toBe('CONFIG_ONE=y\nCONFIG_TWO=y\n');
    expect(image.build?.unknownOptions).toEqual([]);
  }));

test('a toolchain entry reaches the build, and is part of what is built', () =>
  inTree(async (folder) => {
    await writeProgram(join(folder, 'cc.sh'), '#!/bin/sh\nexec gcc -DFROM_WRAPPER=1 "$@"\n');
    await writeFile(
      join(folder, 'one.patch'),
      '--- a/one.c\n+++ b/one.c\n@@ -1,2 +1,6 @@\n #include "limit.h"\n \n+#include "limit-9.h"\n+int from_wrapper = FROM_WRAPPER;\n+int flag = FROM_FLAGS;\n+\n',
    );
    const toolchain = {
      cc: 'my-cc -DUNUSED',
      wrappers: { 'my-cc': 'cc.sh' },
      kcflags: '-DFROM_FLAGS=5',
      ldflags: ['-z', 'max-page-size=0x200000'],
      make: { EXTRA: 'x' },
      'extra-files': { 'include/limit-9.h': { tree: 'include/limit.h' }, 'new/file': 'limit.patch' },
    };
    const image = await buildFake(folder, { patches: ['one.patch'], toolchain });
    const log = await readFile(image.build?.logPath ?? '', 'utf8');
    expect(log).toMatch(/CC=my-cc -DUNUSED LD=\S+ KCFLAGS=-DFROM_FLAGS=5 EXTRA=x bzImage/);
    const work = join(folder, 'cache', 'build', 'work');
    const out = join(work, (await readdir(work))[0] ?? '', 'out');
    const elf = await readFile(join(out, 'vmlinux'));
    // The alignment of the first loadable segment, where the linker's flag shows: elf(5), p_align.
    expect(elf.readBigUInt64LE(Number(elf.readBigUInt64LE(0x20)) + 0x30)).toBe(0x200000n);
    const other = await buildFake(folder, {
      patches: ['one.patch'],
      toolchain: { ...toolchain, kcflags: '-DFROM_FLAGS=6' },
    });
    expect(other.sha256).not.toBe(image.sha256);
  }));

test("nothing of the user's environment reaches the build", () =>
  inTree(async (folder) => {
    const plain = await buildFake(folder);
    process.env.KCFLAGS = '-O3 -DLIMIT=1';
    process.env.CC = 'false';
    try {
      const again = await buildFake(
        folder,
        {},
        { force: true, cache: await openCache(join(folder, 'cache-2')) },
      );
      expect(again.sha256).toBe(plain.sha256);
    } finally {
      delete process.env.KCFLAGS;
      delete process.env.CC;
    }
  }));

test('progress counts what is made, of a total once one is known', () =>
  inTree(async (folder) => {
    const said: string[] = [];
    await buildFake(folder, {}, { onProgress: (text) => said.push(text), jobs: 1 });
    expect(said).toContain('building, 1: one.o');
    await buildFake(
      folder,
      { toolchain: { kcflags: '-g0' } },
      { onProgress: (text) => said.push(text), jobs: 1 },
    );
    expect(said).toContain('building, 4 of about 4: arch/x86/boot/bzImage');
  }));

test('a clock that was set back does not let an old object pass', () =>
  inTree(async (folder) => {
    const plain = await buildFake(folder);
    const work = join(folder, 'cache', 'build', 'work');
    const at = join(work, (await readdir(work))[0] ?? '');
    // As if the last build had been made an hour from now.
    const later = new Date(Date.now() + 3600_000);
    for (const file of ['one.o', 'two.o', 'vmlinux']) await utimes(join(at, 'out', file), later, later);
    const state = JSON.parse(await readFile(join(at, 'state.json'), 'utf8'));
    await writeFile(join(at, 'state.json'), JSON.stringify({ ...state, endedMs: later.getTime() }));
    const three = await buildFake(folder, { patches: ['two.patch'] });
    expect(three.sha256).not.toBe(plain.sha256);
    const truth = await buildFake(
      folder,
      { patches: ['two.patch'] },
      { cache: await openCache(join(folder, 'c2')) },
    );
    expect(three.sha256).toBe(truth.sha256);
  }));

test('kernels that are asked for at once come out right', () =>
  inTree(async (folder) => {
    const cache = await openCache(join(folder, 'cache'));
    const keys = [{}, { patches: ['two.patch'] }, { patches: ['limit.patch'] }, {}];
    const images = await Promise.all(keys.map((one) => acquireKernel(fakeEntry(folder, one), { cache })));
    const alone = await openCache(join(folder, 'alone'));
    for (const [index, one] of keys.entries())
      expect(images[index]?.sha256).toBe(
        (await acquireKernel(fakeEntry(folder, one), { cache: alone })).sha256,
      );
  }));
