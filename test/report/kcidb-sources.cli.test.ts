// What KCIDB is told of sources, beside what git and sha256sum say.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openCache } from '../../harness/host/cache.ts';
import { makeScratch } from '../../harness/host/scratch.ts';
import { findSource } from '../../harness/kernel/tree/source.ts';
import { patchsetHash } from '../../harness/report/kcidb/kcidb-kernels.ts';

const PATCHES = join(import.meta.dirname, '..', '..', 'images', 'kernels', 'patches', 'linux-6.1');

test('what is noted of a source in git is its place and the full commit', async () => {
  const scratch = await makeScratch();
  onTestFinished(() => scratch.remove());
  const location = join(scratch.path, 'tree');
  const git = (...args: string[]) =>
    spawnSync('git', ['-C', location, ...args], { encoding: 'utf8' }).stdout.trim();
  mkdirSync(location);
  git('init', '--quiet');
  git(
    '-c',
    'user.name=test',
    '-c',
    'user.email=test@example.org',
    'commit',
    '--quiet',
    '--allow-empty',
    '-m',
    'x',
  );
  const cache = await openCache(join(scratch.path, 'cache'));
  const source = await findSource({ kind: 'git', location, ref: 'HEAD' }, { cache });
  expect(source.git).toEqual({ repository: location, commit: git('rev-parse', 'HEAD') });
});

test('the hash of a patch series is the one that the schema describes', () => {
  const patches = readdirSync(PATCHES)
    .filter((name) => name.endsWith('.patch'))
    .sort();
  expect(patches.length).toBeGreaterThan(2);
  const shell = (command: string) =>
    spawnSync('sh', ['-c', command], { cwd: PATCHES, encoding: 'utf8' }).stdout;
  const sums = patches.map((name) => ({ sha256: shell(`sha256sum ${name}`).slice(0, 64) }));
  expect(patchsetHash(sums)).toBe(shell('sha256sum *.patch | cut -c-64 | sha256sum | cut -c-64').trim());
});
