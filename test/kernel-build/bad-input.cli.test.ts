import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HostFault, UserError } from '../../harness/base/errors.ts';
import { openCache } from '../../harness/host/cache.ts';
import { BuildError } from '../../harness/kernel/acquire.ts';
import { inScratch } from '../kernel/tools.ts';
import { buildFake, FAKE_FILES, TWO_PATCH, writeProgram, writeTree } from './fake-tree.ts';

const inTree = <T>(work: (folder: string) => Promise<T>): Promise<T> =>
  inScratch(async (folder) => {
    await writeTree(join(folder, 'tree'));
    return work(folder);
  });

/** What a build fails with; an error of the test where it does not. */
async function failure(
  building: Promise<unknown>,
): Promise<Error & { hint?: string; fault?: string; code?: string }> {
  const error = await building.then(
    () => new Error('it was built'),
    (thrown: Error) => thrown,
  );
  expect(error.message).not.toBe('it was built');
  return error;
}

test('a patch that does not apply names the hunk and shows both sides', () =>
  inTree(async (folder) => {
    await writeFile(join(folder, 'tree', 'two.c'), 'int two(void)\n{\n\treturn 22;\n}\n');
    await writeFile(join(folder, 'two.patch'), TWO_PATCH);
    const error = await failure(buildFake(folder, { patches: ['two.patch'] }));
    expect(error).toBeInstanceOf(BuildError);
    expect(error.fault).toBe('patch');
    expect(error.message).toBe(`kernel fake: patch two.patch does not apply: two.c, hunk 1
  the patch expects (line 1):
        1 int two(void)
        2 {
  !     3 \treturn 2;
        4 }
  the tree has (line 1):
        1 int two(void)
        2 {
  !     3 \treturn 22;
        4 }`);
  }));

test('both sides of a hunk are from where the tree is most like it, and without escapes', () =>
  inTree(async (folder) => {
    const away = `${'/* x */\n'.repeat(40)}int two(void)\n{\n\treturn 2\u001b[31m2;\n}\n`;
    await writeFile(join(folder, 'tree', 'two.c'), away);
    await writeFile(join(folder, 'two.patch'), TWO_PATCH);
    const { message } = await failure(buildFake(folder, { patches: ['two.patch'] }));
    expect(message).toContain('the tree has (line 41):');
    expect(message).toContain('!    43 \treturn 2?[31m2;');
    expect(message).not.toContain('\u001b');
  }));

test.each([
  [
    'is in the tree already',
    TWO_PATCH,
    { 'two.c': 'int two(void)\n{\n\treturn 3;\n}\n' },
    'patch p.patch is in this tree already',
  ],
  [
    'is for a file that is not there',
    TWO_PATCH.replaceAll('two.c', 'four.c'),
    {},
    'changes four.c, which this tree does not have',
  ],
  ['is no patch', 'hello\n', {}, 'patch p.patch holds no change'],
  [
    'leaves the tree',
    TWO_PATCH.replaceAll('two.c', '../../two.c'),
    {},
    'names a file outside the tree: ../../two.c',
  ],
])('a patch that %s', (_what, patch, files, message) =>
  inTree(async (folder) => {
    await writeTree(join(folder, 'tree'), files);
    await writeFile(join(folder, 'p.patch'), patch);
    const error = await failure(buildFake(folder, { patches: ['p.patch'] }));
    expect(error.fault).toBe('patch');
    expect(error.message).toContain(message);
  }),
);

test('a patch cannot reach through a link out of the tree', () =>
  inTree(async (folder) => {
    await mkdir(join(folder, 'precious'));
    await writeFile(join(folder, 'precious', 'two.c'), FAKE_FILES['two.c'] ?? '');
    await symlink(join(folder, 'precious'), join(folder, 'tree', 'sub'));
    await writeFile(join(folder, 'p.patch'), TWO_PATCH.replaceAll('/two.c', '/sub/two.c'));
    await failure(buildFake(folder, { patches: ['p.patch'] }));
    const removal = FAKE_FILES['two.c']?.replaceAll(/^/gm, '-').replace(/-$/, '');
    await writeFile(join(folder, 'p.patch'), `--- a/sub/two.c\n+++ /dev/null\n@@ -1,4 +0,0 @@\n${removal}`);
    await failure(buildFake(folder, { patches: ['p.patch'] }));
    expect(await readFile(join(folder, 'precious', 'two.c'), 'utf8')).toBe(FAKE_FILES['two.c']);
  }));

test('a link that a patch makes is not followed out of the tree', () =>
  inTree(async (folder) => {
    const link = 'diff --git a/zero b/zero\nnew file mode 120000\n--- /dev/null\n+++ b/zero\n@@ -0,0 +1 @@\n';
    await writeFile(join(folder, 'p.patch'), `${link}+/dev/zero\n\\ No newline at end of file\n`);
    expect((await failure(buildFake(folder, { patches: ['p.patch'] }))).message).toContain('lies outside');
  }));

test('links that a build leaves lead us to no file of the user', () =>
  inTree(async (folder) => {
    const precious = join(folder, 'precious');
    await writeFile(precious, 'mine');
    const planting = FAKE_FILES.Makefile?.replace(
      'allnoconfig:',
      `allnoconfig:\n\t@ln -sf ${precious} $(O)/.tscmatrix.allconfig.new && mv -T $(O)/.tscmatrix.allconfig.new $(O)/.tscmatrix.allconfig`,
    ).replace('@sh scripts/conf.sh "$(KCONFIG_ALLCONFIG)"', '@sh scripts/conf.sh /dev/null');
    await writeTree(join(folder, 'tree'), { Makefile: planting ?? '' });
    // What failed is configured again in the same folder.
    for (const _ of [1, 2]) await failure(buildFake(folder, { config: { set: { CONFIG_ONE: 'y' } } }));
    expect(await readFile(precious, 'utf8')).toBe('mine');
    const linked = FAKE_FILES.Makefile?.replace(
      '@cat header.bin $(O)/vmlinux > $@',
      `@ln -sf ${precious} $@`,
    );
    await writeTree(join(folder, 'tree'), { Makefile: linked ?? '' });
    expect((await failure(buildFake(folder))).message).toContain('bzImage is a symbolic link');
  }));

test('options that cannot be had are all named, with what they depend on', () =>
  inTree(async (folder) => {
    const config = { set: { CONFIG_TWO: 'y', CONFIG_NOT_THERE: 'y', CONFIG_NAME: 'x' } };
    const error = await failure(buildFake(folder, { config }));
    expect(error).toBeInstanceOf(BuildError);
    expect(error.fault).toBe('config');
    expect(error.message).toBe(`kernel fake: the configuration cannot be had in this tree:
  CONFIG_TWO=y: came out as n, a dependency is not met (Kconfig:3)
      depends on ONE
  CONFIG_NOT_THERE: this tree knows no such option`);
    // The same folder serves the next one.
    await buildFake(folder);
  }));

test('a compile error comes first, before the end of the log, and the log is kept', () =>
  inTree(async (folder) => {
    await writeFile(join(folder, 'tree', 'one.c'), '#include "limit.h"\nint one(void) { return LIMITS; }\n');
    const error = (await failure(buildFake(folder))) as BuildError;
    expect(error.fault).toBe('compile');
    expect(error.message).toMatch(
      /^kernel fake: make bzImage failed: one\.c:2:\d+: error: [^\n]*LIMITS[^\n]*\n(?:.*\n)+end of the log \(all of it: .*build\.log\):\n/,
    );
    expect(await readFile(error.logPath ?? '', 'utf8')).toContain('LIMITS');
    await writeFile(
      join(folder, 'p.patch'),
      '--- a/one.c\n+++ b/one.c\n@@ -1,2 +1,2 @@\n #include "limit.h"\n-int one(void) { return LIMITS; }\n+int one(void) { return LIMIT; }\n',
    );
    await buildFake(folder, { patches: ['p.patch'] });
  }));

test('missing programs are named in one line to type', () =>
  inTree(async (folder) => {
    const error = await failure(buildFake(folder, { toolchain: { cc: 'gcc-0.1', ld: 'ld-0.1' } }));
    expect(error).toBeInstanceOf(HostFault);
    expect(error.message).toContain('the programs gcc-0.1, ld-0.1 are not installed');
    expect(error.hint).toBe('apt-get install gcc-0.1 ld-0.1');
  }));

test('a library that the build lacks is a fault of the host', () =>
  inTree(async (folder) => {
    await writeFile(join(folder, 'tree', 'one.c'), '#error gelf.h: No such file or directory\n');
    const error = await failure(buildFake(folder));
    expect(error).toBeInstanceOf(HostFault);
    expect(error.hint).toBe('apt-get install libelf-dev');
  }));

test.each([
  ['no patch file', { patches: ['nope.patch'] }, 'nope.patch: there is no such file'],
  ['no fragment', { config: { fragments: ['nope.config'] } }, 'nope.config: there is no such file'],
  ['no series', { series: { file: 'nope.yaml', variant: 'a' } }, 'nope.yaml: there is no such file'],
  ['no wrapper', { toolchain: { wrappers: { ld: 'nope' } } }, 'nope: there is no such file'],
  [
    'a base that is no configuration',
    { config: { base: { file: 'tree/two.c' } } },
    'is not a kernel configuration',
  ],
  ['no directory', { source: { directory: 'nowhere' } }, 'nowhere: there is no such directory'],
  ['no kernel tree', { source: { directory: '.' } }, 'is not a kernel tree: it has no Makefile'],
  ['no tarball', { source: { tarball: 'nope.tar' } }, 'nope.tar: no such file'],
  ['not a tarball', { source: { tarball: 'tree/two.c' } }, 'is not a tar archive, or is damaged'],
  ['no source RPM', { source: { srpm: 'tree/two.c' } }, 'is not a source RPM'],
  ['no repository', { source: { git: 'tree', ref: 'main' } }, 'is not a git repository'],
  ['a pick without commits', { 'cherry-pick': ['v1'] }, 'the source has no commits'],
])('%s', (_what, keys, message) =>
  inTree(async (folder) => {
    const error = await failure(buildFake(folder, keys));
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toContain(message);
  }),
);

test('a tree that was built in is refused with the way out', () =>
  inTree(async (folder) => {
    await writeFile(join(folder, 'tree', '.config'), '');
    const error = await failure(buildFake(folder));
    expect(error).toBeInstanceOf(UserError);
    expect(error.hint).toContain('mrproper');
  }));

test('a make that leaves no image, or another file in its place, has failed', () =>
  inTree(async (folder) => {
    const makefile = (FAKE_FILES.Makefile ?? '').replace('@cat header.bin', '@cat notes.txt');
    await writeFile(join(folder, 'tree', 'Makefile'), makefile);
    expect((await failure(buildFake(folder))).message).toContain('is not a kernel image');
    await writeFile(
      join(folder, 'tree', 'Makefile'),
      `${FAKE_FILES.Makefile}`.replace(/> \$@\n$/, '> /dev/null\n'),
    );
    expect((await failure(buildFake(folder))).message).toContain('left no arch/x86/boot/bzImage');
  }));

const mounts = process.getuid?.() === 0;

test.runIf(mounts)('no space is a fault of the host, and the cache is as good as before', () =>
  inTree(async (folder) => {
    await writeFile(join(folder, 'tree', 'big'), Buffer.alloc(3_000_000));
    const small = join(folder, 'small');
    await mkdir(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', small]);
    try {
      const cache = await openCache(join(small, 'cache'));
      const error = await failure(buildFake(folder, {}, { cache }));
      expect(error).toBeInstanceOf(HostFault);
      expect(error.code).toBe('no-space');
      // Room for the tree, not for what is made of it.
      execFileSync('mount', ['-o', 'remount,size=3200k', small]);
      await writeProgram(
        join(folder, 'cc.sh'),
        `#!/bin/sh
[ "$1" = --version ] && exit
for word; do [ "$previous" = -o ] && out=$word; previous=$word; done
head -c 9000000 /dev/zero > "$out" || { rm -f "$out"; exit 1; }
`,
      );
      const toolchain = { cc: 'cc-big', wrappers: { 'cc-big': 'cc.sh' } };
      const building = await failure(buildFake(folder, { toolchain }, { cache }));
      expect(building).toBeInstanceOf(HostFault);
      expect(building.code).toBe('no-space');
      execFileSync('mount', ['-o', 'remount,size=50m', small]);
      const image = await buildFake(folder, {}, { cache });
      expect(image.sha256).toBe((await buildFake(folder)).sha256);
    } finally {
      // Lazily: the lock's holder may still be about to end, and what stays mounted would be in every later test's way.
      execFileSync('umount', ['--lazy', small]);
    }
  }),
);

test('an image of the fake tree needs a writable cache whose path kbuild can stand', () =>
  inTree(async (folder) => {
    const cache = await openCache(join(folder, 'a cache'));
    const error = await failure(buildFake(folder, {}, { cache }));
    expect(error).toBeInstanceOf(HostFault);
    expect(error.hint).toContain('TSCMATRIX_CACHE');
  }));
