import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { archiveFaults, memberFault } from '../../harness/kernel/tree/tar-check.ts';
import { inScratch, sha256 } from '../kernel/tools.ts';
import { buildFake, FAKE_FILES, git, LIMIT_PATCH, TWO_PATCH, writeTree } from './fake-tree.ts';

const inTree = <T>(work: (folder: string) => Promise<T>): Promise<T> =>
  inScratch(async (folder) => {
    await writeTree(join(folder, 'tree'));
    return work(folder);
  });

function makeTar(folder: string, ...more: string[]): string {
  execFileSync('tar', ['-cJf', 'tree.tar.xz', ...more, 'tree'], { cwd: folder });
  return join(folder, 'tree.tar.xz');
}

test('the same tree gives the same kernel, whatever it comes in', () =>
  inTree(async (folder) => {
    const directory = await buildFake(folder);
    const tar = makeTar(folder);
    const digest = sha256(await readFile(tar));
    const tarball = await buildFake(folder, { source: { tarball: 'tree.tar.xz', sha256: digest } });
    expect(tarball.sha256).toBe(directory.sha256);
    git(join(folder, 'tree'), 'init', '-q', '-b', 'main');
    git(join(folder, 'tree'), 'add', '-A');
    git(join(folder, 'tree'), 'commit', '-qm', 'first');
    const repository = await buildFake(folder, { source: { git: 'tree', ref: 'main' } });
    expect(repository.sha256).toBe(directory.sha256);
    expect(repository.cached).toBe(false);
    // A clean work tree is the commit's tree: nothing is built.
    const workTree = await buildFake(folder);
    expect(workTree.cached).toBe(true);
    expect(workTree.build?.sourceDigest).toBe(repository.build?.sourceDigest);
  }));

test('a directory is built as it is now', () =>
  inTree(async (folder) => {
    const first = await buildFake(folder);
    expect((await buildFake(folder)).cached).toBe(true);
    await writeFile(join(folder, 'tree', 'two.c'), 'int two(void)\n{\n\treturn 3;\n}\n');
    const changed = await buildFake(folder);
    expect(changed.sha256).not.toBe(first.sha256);
    await writeFile(join(folder, 'tree', 'two.c'), FAKE_FILES['two.c'] ?? '');
    expect((await buildFake(folder)).sha256).toBe(first.sha256);
  }));

test('of a work tree, uncommitted changes count and ignored files do not; the repository stays as it is', () =>
  inTree(async (folder) => {
    const tree = join(folder, 'tree');
    git(tree, 'init', '-q', '-b', 'main');
    await writeFile(join(tree, '.gitignore'), '*.o\n.config\n');
    git(tree, 'add', '-A');
    git(tree, 'commit', '-qm', 'first');
    const clean = await buildFake(folder);
    // Built in: kbuild would refuse the tree, but all this is ignored.
    await writeFile(join(tree, 'one.o'), 'stale');
    await writeFile(join(tree, '.config'), 'CONFIG_ONE=y\n');
    expect((await buildFake(folder)).cached).toBe(true);
    await writeFile(join(tree, 'include', 'limit.h'), '#define LIMIT 7\n');
    await writeFile(join(tree, 'new.txt'), 'new');
    const objects = git(tree, 'count-objects', '-v');
    const status = git(tree, 'status', '--porcelain');
    const dirty = await buildFake(folder);
    expect(dirty.sha256).not.toBe(clean.sha256);
    expect(dirty.origin).toContain('with uncommitted changes');
    expect(git(tree, 'count-objects', '-v')).toBe(objects);
    expect(git(tree, 'status', '--porcelain')).toBe(status);
  }));

test('commits of a git source can be picked; unknown ones are named', () =>
  inTree(async (folder) => {
    const tree = join(folder, 'tree');
    git(tree, 'init', '-q', '-b', 'main');
    git(tree, 'add', '-A');
    git(tree, 'commit', '-qm', 'first');
    git(tree, 'tag', 'v1');
    await writeFile(join(tree, 'two.c'), 'int two(void)\n{\n\treturn 3;\n}\n');
    git(tree, 'commit', '-qam', 'three');
    await writeFile(join(tree, 'notes.txt'), 'other\n');
    git(tree, 'commit', '-qam', 'notes');
    const source = { git: 'tree', ref: 'v1' };
    const picked = await buildFake(folder, { source, 'cherry-pick': ['main~1'] });
    await writeFile(join(folder, 'two.patch'), TWO_PATCH);
    expect(picked.sha256).toBe((await buildFake(folder, { source, patches: ['two.patch'] })).sha256);
    expect(picked.build?.patches[0]?.name).toMatch(/^commit [0-9a-f]{12}$/);
    await expect(buildFake(folder, { source: { git: 'tree', ref: 'v9' } })).rejects.toThrow(
      'has no commit "v9"',
    );
    await expect(buildFake(folder, { source, 'cherry-pick': ['v9'] })).rejects.toThrow('has no commit "v9"');
  }));

test('a repository given by URL is fetched once; a branch stays what it was until a refresh', () =>
  inTree(async (folder) => {
    const tree = join(folder, 'tree');
    git(tree, 'init', '-q', '-b', 'main');
    git(tree, 'add', '-A');
    git(tree, 'commit', '-qm', 'first');
    git(folder, 'clone', '-q', '--bare', 'tree', 'served.git');
    const served = join(folder, 'served.git');
    git(served, 'update-server-info');
    const asked: string[] = [];
    const server = createServer(async (request, response) => {
      const path = new URL(request.url ?? '', 'http://a').pathname;
      asked.push(path);
      const body = await readFile(join(folder, path)).catch(() => undefined);
      response.writeHead(body === undefined ? 404 : 200).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/served.git`;
      const keys = { source: { git: url, ref: 'main' } };
      const first = await buildFake(folder, keys);
      expect(first.sha256).toBe((await buildFake(folder)).sha256);
      await writeFile(join(tree, 'two.c'), 'int two(void)\n{\n\treturn 3;\n}\n');
      git(tree, 'commit', '-qam', 'three');
      git(tree, 'push', '-q', '../served.git', 'main');
      git(served, 'update-server-info');
      const before = asked.length;
      expect((await buildFake(folder, keys)).cached).toBe(true);
      expect(asked.length).toBe(before);
      expect((await buildFake(folder, keys, { refresh: true })).sha256).not.toBe(first.sha256);
      await expect(buildFake(folder, { source: { git: url, ref: 'none' } })).rejects.toThrow(
        'has no commit "none"',
      );
      await expect(
        buildFake(folder, { source: { git: url.replace('served', 'gone'), ref: 'main' } }),
      ).rejects.toMatchObject({ code: 'network' });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }));

test('a tarball with another digest is refused before it is unpacked', () =>
  inTree(async (folder) => {
    makeTar(folder);
    await expect(
      buildFake(folder, { source: { tarball: 'tree.tar.xz', sha256: 'a'.repeat(64) } }),
    ).rejects.toThrow(`wrong sha256 of ${join(folder, 'tree.tar.xz')}`);
    expect(await readdir(join(folder, 'cache', 'build')).catch(() => [])).not.toContain('trees');
  }));

test.each([
  ['a path upwards', ['--transform', 's,tree/notes.txt,tree/../../escaped,']],
  ['an absolute path', ['--absolute-names', '--transform', 's,tree/notes.txt,/tmp/escaped,']],
  ['a link out of the tree', ['--transform', 's,^link$,tree/link,', 'link']],
])('a tarball with %s is refused before it is unpacked', (_what, args) =>
  inTree(async (folder) => {
    execFileSync('ln', ['-s', '../../../etc', join(folder, 'link')]);
    makeTar(folder, ...args);
    const building = buildFake(folder, { source: { tarball: 'tree.tar.xz' } });
    await expect(building).rejects.toThrow(/tree\.tar\.xz is refused: its (?:member|link) /);
    expect(await readdir(join(folder, 'cache', 'build')).catch(() => [])).not.toContain('trees');
    expect(await readdir(join(folder, 'cache', 'tmp'))).toEqual([]);
  }),
);

test.each([
  ['-rw-r--r-- 0/0 10 2026-01-01 00:00 linux/Makefile', undefined],
  ['lrwxrwxrwx 0/0 0 2026-01-01 00:00 linux/a/b -> ../../linux/c', undefined],
  ['lrwxrwxrwx 0/0 0 2026-01-01 00:00 linux/a -> ../../c', 'points out'],
  ['lrwxrwxrwx 0/0 0 2026-01-01 00:00 linux/a -> b -> /etc', 'points out'],
  ['lrwxrwxrwx 0/0 0 2026-01-01 00:00 linux/a -> /etc/passwd', 'points out'],
  ['hrw-r--r-- 0/0 0 2026-01-01 00:00 linux/a link to ../x', 'points out'],
  ['crw-r--r-- 0/0 1,3 2026-01-01 00:00 linux/null', 'neither'],
  ['-rw-r--r-- 0/0 1 2026-01-01 00:00 linux/..hidden', undefined],
  ['-rw-r--r-- 0/0 1 2026-01-01 00:00 linux/../../x', 'leaves'],
  ['what is this', 'cannot be read'],
])('the member %j', (line, fault) => {
  if (fault === undefined) expect(memberFault(line)).toBeUndefined();
  else expect(memberFault(line)).toContain(fault);
});

test('what was removed from the cache is made again, the same', () =>
  inTree(async (folder) => {
    await writeFile(join(folder, 'limit.patch'), LIMIT_PATCH);
    const first = await buildFake(folder);
    await rm(join(folder, 'cache', 'build', 'trees'), { recursive: true });
    const limit = await buildFake(folder, { patches: ['limit.patch'] });
    await rm(first.path);
    const again = await buildFake(folder);
    expect(again.cached).toBe(false);
    expect(again.sha256).toBe(first.sha256);
    expect(limit.sha256).not.toBe(first.sha256);
  }));

const LISTED = (type: string, rest: string, bytes = 0) =>
  `${type}rw-r--r-- 0/0 ${bytes} 2026-01-01 00:00 ${rest}`;

test.each<[string, readonly string[], string | undefined]>([
  ['links that lead within the tree', [LISTED('l', 'a/b -> ../c'), LISTED('-', 'c/d', 5)], undefined],
  ['a link behind a link', [LISTED('l', 'd -> .'), LISTED('l', 'd/e -> ..')], 'lies behind a link'],
  [
    'a file behind a link that comes later',
    [LISTED('-', 'd/e'), LISTED('l', 'd -> x')],
    'lies behind a link',
  ],
  ['a name with an arrow', [LISTED('l', 'a -> b -> c'), LISTED('-', 'a -> b/x')], 'lies behind a link'],
  ['more than a disk holds', [LISTED('-', 'a', 9e9), LISTED('-', 'b', 9e9)], 'GiB together'],
])('an archive with %s', (_what, lines, fault) => {
  const [found] = archiveFaults(lines);
  if (fault === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(fault);
});

test('a tarball whose links mean another folder together than each by itself is refused', () =>
  inTree(async (folder) => {
    const tree = join(folder, 'tree');
    await symlink('.', join(tree, 'd'));
    execFileSync('tar', ['-cf', 'tree.tar', 'tree'], { cwd: folder });
    await rm(join(tree, 'd'));
    await mkdir(join(tree, 'd'));
    await symlink('../..', join(tree, 'd', 'e'));
    execFileSync('tar', ['-rf', 'tree.tar', 'tree/d/e'], { cwd: folder });
    const digest = sha256(await readFile(join(folder, 'tree.tar')));
    await expect(buildFake(folder, { source: { tarball: 'tree.tar', sha256: digest } })).rejects.toThrow(
      'lies behind a link',
    );
  }));
