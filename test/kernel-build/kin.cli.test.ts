// The first commit of a repository starts from what was compiled of a distribution's tree: less work, the same image.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Cache, openCache } from '../../harness/host/cache.ts';
import { acquireCommit, planCommit } from '../../harness/kernel/make/commit.ts';
import { inScratch } from '../kernel/tools.ts';
import { buildFake, FAKE_FILES, fakeEntry, git, writeTree } from './fake-tree.ts';

const VERSION = 'VERSION = 6\nPATCHLEVEL = 1\n';
/** Like a boot object of the real tree: the name of the folder is in it. */
const NAMES_FOLDER = `$(O)/where.o: two.c
\t@echo "  CC      where.o"
\t@$(CC) -O1 -fPIC -DTWO='"$(O)"' -include where.h -c -o $@ $<
`;
const FILES: Readonly<Record<string, string>> = {
  ...FAKE_FILES,
  Makefile: `${VERSION}${FAKE_FILES.Makefile}`
    .replace('bzImage: $(O)/arch', 'bzImage: $(O)/where.o $(O)/arch')
    .concat(NAMES_FOLDER),
  'where.h': 'const char where[] = TWO;\n',
};

/** The build of a commit: what was compiled, and the image. */
async function commitIn(cache: Cache, folder: string, ref: string) {
  const { source } = fakeEntry(folder, { source: { git: 'repo', ref } });
  if (source.kind !== 'build') throw new Error('it is built');
  const { kind: _, tree: __, ...recipe } = source;
  const planned = await planCommit(join(folder, 'repo'), ref, recipe, { cache });
  const told: string[] = [];
  const image = await acquireCommit(planned, { cache, onProgress: (text) => told.push(text) });
  const log = await readFile(image.build?.logPath ?? '', 'utf8');
  const compiled = [...log.matchAll(/^ {2}CC +(\S+)$/gm)].map(([, name]) => name).sort();
  return { planned, compiled, image, told: told.join('\n') };
}

/** A repository whose second commit changes one.c alone, and the tree of the first one built elsewhere. */
async function inPlace(
  work: (place: { folder: string; cache: Cache; ref: string; statePath: string }) => Promise<void>,
  files: Readonly<Record<string, string>> = FILES,
): Promise<void> {
  await inScratch(async (folder) => {
    await writeTree(join(folder, 'tree'), FILES);
    const repo = await writeTree(join(folder, 'repo'), files);
    git(repo, 'init', '--quiet', '--initial-branch=main');
    git(repo, 'add', '.');
    git(repo, 'commit', '--quiet', '-m', 'first');
    await writeFile(join(repo, 'one.c'), `${FILES['one.c']}\nint more(void) { return 1; }\n`);
    git(repo, 'commit', '--quiet', '-am', 'second');
    const cache = await openCache(join(folder, 'cache'));
    await buildFake(folder, {}, { cache });
    const [name = ''] = await readdir(join(cache.root, 'build', 'work'));
    const statePath = join(cache.root, 'build', 'work', name, 'state.json');
    await work({ folder, cache, ref: git(repo, 'rev-parse', 'HEAD').trim(), statePath });
  });
}

/** Says of a built folder what only the build of a distribution's tree says. */
async function giveKin(statePath: string, kin: string): Promise<void> {
  const state = JSON.parse(await readFile(statePath, 'utf8'));
  expect(state.kin).toBeUndefined();
  await writeFile(statePath, JSON.stringify({ ...state, kin }));
}

test('only what differs and what names the other folder is compiled, and the image is that of a build from nothing', () =>
  inPlace(async ({ folder, cache, ref, statePath }) => {
    const alone = await commitIn(await openCache(join(folder, 'other')), folder, ref);
    expect(alone.compiled).toEqual(['one.o', 'two.o', 'where.o']);
    await giveKin(statePath, alone.planned.job.kinKey);
    const { compiled, image, planned, told } = await commitIn(cache, folder, ref);
    expect(compiled).toEqual(['one.o', 'where.o']);
    expect(told).toContain('starting from what was compiled of ');
    expect(image.sha256).toBe(alone.image.sha256);
    expect(await readFile(join(planned.folder, 'out', 'where.o'), 'latin1')).toContain(planned.folder);
    // The next one moves on from there.
    expect((await commitIn(cache, folder, `${ref}~1`)).compiled).toEqual(['one.o']);
    // A copy that a power cut may have left unwritten is of no use, nor is it kin of anything.
    const own = join(planned.folder, 'state.json');
    const state = JSON.parse(await readFile(own, 'utf8'));
    expect(state.kin).toBeUndefined();
    await writeFile(own, JSON.stringify({ ...state, bootId: 'another start' }));
    await rm(statePath);
    await writeFile(join(folder, 'repo', 'two.c'), 'int two(void) { return 22; }\n');
    git(join(folder, 'repo'), 'commit', '--quiet', '-am', 'third');
    const third = git(join(folder, 'repo'), 'rev-parse', 'HEAD').trim();
    expect((await commitIn(cache, folder, third)).compiled).toEqual(['one.o', 'two.o', 'where.o']);
  }));

test("a tree that is a user's own is nothing to start from", () =>
  inPlace(async ({ folder, cache, ref }) => {
    const { compiled, told } = await commitIn(cache, folder, ref);
    expect(compiled).toEqual(['one.o', 'two.o', 'where.o']);
    expect(told).not.toContain('starting from');
  }));

test('nor is a tree of another version', () =>
  inPlace(
    async ({ folder, cache, ref, statePath }) => {
      const alone = await commitIn(await openCache(join(folder, 'other')), folder, ref);
      await giveKin(statePath, alone.planned.job.kinKey);
      expect((await commitIn(cache, folder, ref)).compiled).toEqual(['one.o', 'two.o', 'where.o']);
    },
    { ...FILES, Makefile: (FILES.Makefile ?? '').replace('PATCHLEVEL = 1', 'PATCHLEVEL = 2') },
  ));

test('of a build that was killed only what is older than it is taken', () =>
  inPlace(async ({ folder, cache, ref, statePath }) => {
    const alone = await commitIn(await openCache(join(folder, 'other')), folder, ref);
    await giveKin(statePath, alone.planned.job.kinKey);
    const state = JSON.parse(await readFile(statePath, 'utf8'));
    await writeFile(statePath, JSON.stringify({ ...state, buildingSinceMs: state.endedMs - 60_000 }));
    const { compiled, image, told } = await commitIn(cache, folder, ref);
    expect(told).toContain('starting from what was compiled of ');
    expect(compiled).toEqual(['one.o', 'two.o', 'where.o']);
    expect(image.sha256).toBe(alone.image.sha256);
  }));
