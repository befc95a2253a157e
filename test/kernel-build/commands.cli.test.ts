import { spawnSync } from 'node:child_process';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inScratch } from '../kernel/tools.ts';
import { LIMIT_PATCH, TWO_PATCH, writeTree } from './fake-tree.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** The command in another process, with a cache in the folder. */
function tscmatrix(folder: string, ...args: string[]) {
  const env = { ...process.env, TSCMATRIX_CACHE: join(folder, 'cache') };
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'tscmatrix'), args, { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const MATRIX = `version: 1
kernels:
  plain: &tree { source: { directory: tree } }
  three: { <<: *tree, patches: [two.patch] }
  limit: { <<: *tree, patches: [limit.patch] }
  broken: { <<: *tree, patches: [two.patch, two.patch] }
  given: { image: nowhere }
axes: { kernel: [broken] }
expect:
  - registration: build-failed
`;

const inFolder = <T>(work: (folder: string, matrix: string) => Promise<T>): Promise<T> =>
  inScratch(async (folder) => {
    await writeTree(join(folder, 'tree'));
    await writeFile(join(folder, 'two.patch'), TWO_PATCH);
    await writeFile(join(folder, 'limit.patch'), LIMIT_PATCH);
    await writeFile(join(folder, 'm.yaml'), MATRIX);
    return work(folder, join(folder, 'm.yaml'));
  });

test('build shows what came of each kernel, and goes on after one that fails', () =>
  inFolder(async (folder, matrix) => {
    const built = tscmatrix(folder, 'build', matrix);
    expect(built.status).toBe(1);
    expect(built.stderr).toContain('kernel broken: patch two.patch is in this tree already');
    const rows = built.stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows.map(([name]) => name)).toEqual(['kernel', 'plain', 'three', 'limit', 'broken', '']);
    expect(rows[1]).toContain('built');
    expect(rows[4]).toContain('build failed');

    const again = tscmatrix(folder, 'build', matrix, '--kernel', 'p*', '--kernel', 'three', '--json');
    expect(again.status).toBe(0);
    const images = JSON.parse(again.stdout);
    expect(images.map(({ name, cached }: { name: string; cached: boolean }) => [name, cached])).toEqual([
      ['plain', true],
      ['three', true],
    ]);
    expect(images[1].build.patches).toHaveLength(1);
  }));

test('build says what is wrong with --kernel, and with a matrix that has nothing to build', () =>
  inFolder(async (folder, matrix) => {
    expect(tscmatrix(folder, 'build', matrix, '--kernel', 'plian')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('has no kernel plian'),
    });
    expect(tscmatrix(folder, 'build', matrix, '--kernel', 'given')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('given is not built'),
    });
    await writeFile(join(folder, 'none.yaml'), 'version: 1\nkernels: { a: { image: b } }\n');
    expect(tscmatrix(folder, 'build', join(folder, 'none.yaml')).status).toBe(2);
  }));

test('a kernel that does not build makes its cells build-failed, which can be expected', () =>
  inFolder(async (folder, matrix) => {
    const results = ['--results', join(folder, 'results'), '--json'];
    const expected = tscmatrix(folder, 'run', matrix, ...results);
    expect(expected.status, expected.stderr).toBe(0);
    expect(JSON.parse(expected.stdout).cells).toMatchObject([
      { kernel: 'broken', outcome: 'expected', verdicts: ['build-failed'], boots: [] },
    ]);
    await writeFile(join(folder, 'other.yaml'), MATRIX.replace('build-failed', 'refined'));
    const unexpected = tscmatrix(folder, 'run', join(folder, 'other.yaml'), ...results);
    expect(unexpected.status).toBe(1);
    expect(JSON.parse(unexpected.stdout).cells).toMatchObject([
      { outcome: 'unexpected', reason: expect.stringContaining('two.patch is in this tree already') },
    ]);
    await writeFile(join(folder, 'gone.yaml'), MATRIX.replace('directory: tree', 'directory: gone'));
    const gone = tscmatrix(folder, 'run', join(folder, 'gone.yaml'), ...results);
    expect(gone).toMatchObject({ status: 2, stderr: expect.stringContaining('there is no such directory') });
  }));

test('a tree that does not build is a finding about it, in boot too', () =>
  inFolder(async (folder) => {
    const makefile = join(folder, 'tree', 'Makefile');
    await writeFile(makefile, `${await readFile(makefile, 'utf8')}\n$(error nothing works)\n`);
    const { status, stderr } = tscmatrix(folder, 'boot', join(folder, 'tree'));
    expect(stderr).toMatch(/kernel tree: make .* failed: Makefile:\d+: \*\*\* nothing works/);
    expect(stderr).not.toContain('defect');
    expect(status).toBe(1);
  }));

test('kernels lists what the cache holds, and prunes what was not used for long', () =>
  inFolder(async (folder, matrix) => {
    tscmatrix(folder, 'build', matrix, '--kernel', 'plain', '--kernel', 'three');
    const kinds = (text: string, key: 'kept' | 'removed'): string[] =>
      JSON.parse(text)
        [key].map(({ kind }: { kind: string }) => kind)
        .sort();
    const all = ['build folder', 'image', 'image', 'log', 'log', 'tree'];
    const listed = tscmatrix(folder, 'kernels', '--json');
    expect(kinds(listed.stdout, 'kept')).toEqual(all);
    expect(tscmatrix(folder, 'kernels').stdout).toMatch(/3\.10\.0-fake, .*1 patch, built by gcc/);

    expect(kinds(tscmatrix(folder, 'kernels', '--prune', '--json').stdout, 'removed')).toEqual([]);
    // As if the source and its folder had not been used for a year, and the images just now.
    const old = new Date(Date.now() - 365 * 24 * 3600_000);
    for (const [part, file] of [
      ['trees', 'tree.json'],
      ['work', 'state.json'],
    ] as const) {
      const parent = join(folder, 'cache', 'build', part);
      for (const name of await readdir(parent)) await utimes(join(parent, name, file), old, old);
    }
    const pruned = tscmatrix(folder, 'kernels', '--prune', '--older-than', '30d', '--json');
    expect(kinds(pruned.stdout, 'removed')).toEqual(['build folder', 'tree']);
    expect(kinds(tscmatrix(folder, 'kernels', '--json').stdout, 'kept')).toEqual([
      'image',
      'image',
      'log',
      'log',
    ]);

    const warm = JSON.parse(tscmatrix(folder, 'build', matrix, '--kernel', 'plain', '--json').stdout);
    expect(warm[0].cached).toBe(true);
    const forced = JSON.parse(
      tscmatrix(folder, 'build', matrix, '--kernel', 'plain', '--force', '--json').stdout,
    );
    expect(forced[0]).toMatchObject({ cached: false, sha256: warm[0].sha256 });
  }));
