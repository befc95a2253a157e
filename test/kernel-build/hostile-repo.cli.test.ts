// What is read is never run: a repository's configuration, hooks, attributes and subfolders name programs.
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findRange } from '../../harness/bisect/range.ts';
import { openCache } from '../../harness/host/cache.ts';
import { acquireCommit, planCommit } from '../../harness/kernel/make/commit.ts';
import { inScratch } from '../kernel/tools.ts';
import { buildFake, fakeEntry, git } from './fake-tree.ts';
import { hostileRepo } from './hostile-repo.ts';

test('git itself starts what this repository names', () =>
  inScratch(async (folder) => {
    const { tree, marks } = await hostileRepo(folder);
    git(tree, 'status', '--porcelain');
    git(tree, 'show', 'main');
    git(tree, 'diff', 'one', 'main');
    git(tree, 'checkout', '-q', '-f', 'one');
    expect(await marks()).toEqual(
      expect.arrayContaining(['diff', 'filter', 'fsmonitor', 'gpg', 'post-checkout']),
    );
  }));

test('reading a work tree starts none of it, and takes the files as they are', () =>
  inScratch(async (folder) => {
    const { marks } = await hostileRepo(folder);
    const first = await buildFake(folder);
    expect(first.origin).toContain('with uncommitted changes');
    expect((await buildFake(folder)).cached).toBe(true);
    expect(await marks()).toEqual([]);
  }));

test('nor does reading a commit, picking one, and looking at a range', () =>
  inScratch(async (folder) => {
    const { tree, marks } = await hostileRepo(folder);
    const source = { git: 'tree', ref: 'one' };
    await buildFake(folder, { source });
    await buildFake(folder, { source, 'cherry-pick': ['main'] });
    git(tree, 'config', '--unset', 'extensions.partialClone');
    const names = { old: '--good', new: '--bad' };
    const range = {
      repository: tree,
      old: 'one',
      new: 'main',
      names,
      firstParent: false,
      paths: [],
      skip: [],
    };
    const found = await findRange(range);
    expect(found.notes.join()).toContain('uncommitted changes');
    expect(await marks()).toEqual([]);
  }));

test('nor does moving a tree from commit to commit', () =>
  inScratch(async (folder) => {
    const { tree, marks } = await hostileRepo(folder);
    const options = { cache: await openCache(join(folder, 'cache')) };
    const { source } = fakeEntry(folder, { source: { git: 'tree', ref: 'one' } });
    if (source.kind !== 'build') throw new Error('a source makes a build');
    for (const commit of ['one', 'main', 'one']) {
      const plan = await planCommit(tree, commit, source, options);
      await acquireCommit(plan, { ...options, force: true });
    }
    expect(await marks()).toEqual([]);
  }));

test('the commit that a bisect without a checkout has come to is known by its name, as by its id', () =>
  inScratch(async (folder) => {
    const { tree, marks } = await hostileRepo(folder);
    const options = { cache: await openCache(join(folder, 'cache')) };
    const { source } = fakeEntry(folder, { source: { git: 'tree', ref: 'one' } });
    if (source.kind !== 'build') throw new Error('a source makes a build');
    const id = git(tree, 'rev-parse', 'one');
    git(tree, 'update-ref', '--no-deref', 'BISECT_HEAD', id);
    const before = (await marks()).length;
    const [named, told] = [
      await planCommit(tree, 'BISECT_HEAD', source, options),
      await planCommit(tree, id, source, options),
    ];
    expect(named.key).toBe(told.key);
    expect((await marks()).length).toBe(before);
  }));

test('what a partial clone lacks is not fetched on the way', () =>
  inScratch(async (folder) => {
    const { tree, marks } = await hostileRepo(folder);
    const id = git(tree, 'rev-parse', 'one:two.c');
    await rm(join(tree, '.git', 'objects', id.slice(0, 2), id.slice(2)));
    await expect(buildFake(folder, { source: { git: 'tree', ref: 'one' } })).rejects.toMatchObject({
      message: expect.stringContaining('cannot check out'),
      hint: expect.stringContaining('partial clone'),
    });
    expect(await marks()).toEqual([]);
    expect(() => execFileSync('git', ['cat-file', '-p', id], { cwd: tree, stdio: 'ignore' })).toThrow();
    expect(await marks()).toContain('ext');
  }));

test("git's line ends, idents and encodings in a tree do not change what is built", () =>
  inScratch(async (folder) => {
    const { tree } = await hostileRepo(folder);
    const plain = await buildFake(folder, { source: { git: 'tree', ref: 'one' } });
    git(tree, 'config', 'core.autocrlf', 'true');
    git(tree, 'config', 'core.eol', 'crlf');
    const again = await buildFake(folder, { source: { git: 'tree', ref: 'one' } }, { force: true });
    expect(again.sha256).toBe(plain.sha256);
  }));
