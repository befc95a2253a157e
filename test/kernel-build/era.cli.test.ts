// What a tree's age adds, in a tree of a few lines that has the marks of an old one.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCandidates } from '../../harness/bisect/candidates.ts';
import type { SearchSpec } from '../../harness/bisect/entries.ts';
import { openCache } from '../../harness/host/cache.ts';
import { prepareJob } from '../../harness/kernel/make/job.ts';
import { inScratch } from '../kernel/tools.ts';
import { buildFake, FAKE_FILES, fakeEntry, git, writeTree } from './fake-tree.ts';

const HEAD = 'arch/x86/kernel/head_64.S';
const STUB = `	pushq $0		# Dummy error code, to make stack frame uniform
	.endif
	pushq $i		# 72(%rsp) Vector number
	jmp early_idt_handler
	i = i + 1
	.endr
`;
/** Comments in another script than ASCII: git counts bytes. */
const OLD_FILES = {
  ...FAKE_FILES,
  'arch/x86/Makefile': '# 구\nLDFLAGS := -m elf\n',
  [HEAD]: `early_idt_handlers:\n${STUB}\n`,
};

test('the same is added to a tree in a folder and to one in git; without it another kernel comes out', () =>
  inScratch(async (folder) => {
    const tree = await writeTree(join(folder, 'tree'), OLD_FILES);
    const plain = await buildFake(folder);
    const names = plain.build?.era?.map((line) => line.split(':')[0]);
    expect(names).toEqual(['no-pie', 'no-cet', 'gnu89', 'max-page-size', 'early-idt-handlers']);
    expect(await readFile(plain.build?.logPath ?? '', 'utf8')).toContain('CC=gcc -fno-pie');
    expect(await readFile(join(tree, HEAD), 'utf8')).toContain('jmp early_idt_handler');

    const none = await buildFake(folder, { toolchain: { fixups: 'none' } });
    expect(none.build?.era).toBeUndefined();
    expect(none.build?.key).not.toBe(plain.build?.key);

    git(tree, 'init', '-qb', 'main');
    git(tree, 'add', '-A');
    git(tree, 'commit', '-qm', 'one');
    const commit = await buildFake(folder, { source: { git: 'tree', ref: 'main' } });
    expect(commit.build?.era).toEqual(plain.build?.era);
    expect(commit.sha256).toBe(plain.sha256);

    // A patch of the user's that does the same makes the fix-up none.
    const fixed = `--- a/${HEAD}\n+++ b/${HEAD}\n@@ -4,3 +4,3 @@\n \tpushq $i\t\t# 72(%rsp) Vector number\n-\tjmp early_idt_handler\n+\t.byte 0xe9; .long early_idt_handler - . - 4\n \ti = i + 1\n`;
    await writeFile(join(folder, 'mine.patch'), fixed);
    await buildFake(folder, { patches: ['mine.patch'] });
  }));

test('a commit that does not build has one more try, with what the commits beside it need', () =>
  inScratch(async (folder) => {
    const tree = await writeTree(join(folder, 'tree'), OLD_FILES);
    git(tree, 'init', '-qb', 'main');
    const commit = async (files: Readonly<Record<string, string>>, name: string): Promise<string> => {
      await writeTree(tree, files);
      git(tree, 'add', '-A');
      git(tree, 'commit', '-qm', name);
      return git(tree, 'rev-parse', 'HEAD');
    };
    const old = await commit({}, 'old');
    // It speaks of the flag, so that the rule does not see that it is missing; and does not build without it.
    const needs = `# -fno-pie\n${FAKE_FILES.Makefile}ifeq ($(filter -fno-pie,$(CC)),)\n$(O)/one.o: missing.c\nendif\n`;
    const between = await commit({ Makefile: needs }, 'between');
    const broken = await commit({ 'two.c': 'int two(void) { return }\n' }, 'broken');
    const end = await commit({ ...OLD_FILES, 'two.c': 'int two(void) { return 5; }\n' }, 'new');
    const { source } = fakeEntry(folder, {});
    if (source.kind !== 'build') throw new Error('a source makes a build');
    const { kind: _, tree: __, ...recipe } = source;
    const options = { cache: await openCache(join(folder, 'cache')) };
    const subjects = {
      ...({ kind: 'commits', repository: tree, old, new: end, oldRef: old, newRef: end } as const),
      ...{ bases: [], firstParent: false, paths: [], skip: [], recipe },
    };
    const spec = { subjects, confidence: 0.9, cell: { guest: { clock: 'real' } } } as unknown as SearchSpec;
    const candidates = await openCandidates(spec);
    const { build, key } = await candidates.image(between, options);
    expect(build?.era?.join('\n')).toContain('no-pie');
    const itself = await prepareJob(
      { ...source, tree: { kind: 'git', location: tree, ref: between } },
      options,
    );
    expect(key).not.toBe(itself.key);
    // Of one that fails both times, the error is that of the build without them.
    await expect(candidates.image(broken, options)).rejects.toThrow('missing.c');
  }));

test('of the guest configuration only what the probe needs has to come out as it stands', () =>
  inScratch(async (folder) => {
    const option = (name: string) => `config ${name}\n\tbool\n\tdepends on NOWHERE\n`;
    const files = { ...FAKE_FILES, Kconfig: `${FAKE_FILES.Kconfig}${option('MTRR')}` };
    const tree = await writeTree(join(folder, 'tree'), files);
    const { build } = await buildFake(folder);
    expect(build?.unmetOptions).toEqual([
      expect.stringMatching(/^CONFIG_MTRR=y: came out as n.*\(Kconfig:\d+\)\n\s+depends on NOWHERE$/s),
    ]);
    expect(build?.unknownOptions).not.toContain('CONFIG_MTRR');
    await writeFile(join(tree, 'Kconfig'), `${files.Kconfig}${option('KVM_GUEST')}`);
    await expect(buildFake(folder)).rejects.toThrow('CONFIG_KVM_GUEST=y: came out as n');
  }));
