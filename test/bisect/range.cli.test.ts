// Ends between which nothing can be searched are refused at once, before anything is built.
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { type PreparedSearch, prepareSearch, type SearchOptions } from '../../harness/bisect/prepare.ts';
import { openCache } from '../../harness/host/cache.ts';
import { openWorkshop, type Workshop } from '../cli/tscmatrix.ts';
import { git } from '../kernel-build/fake-tree.ts';
import { stateOfRepo, type TinyRepo, tinyRepo, WORDS } from './tiny-repo.ts';

let shop: Workshop;
let repo: TinyRepo;
let cache: string;
beforeAll(async () => {
  shop = await openWorkshop();
  cache = join(shop.folder, 'cache');
  repo = await tinyRepo(join(shop.folder, 'repo'));
  for (const content of ['good', 'good', 'bad', 'bad'] as const) await repo.commit(content);
});
afterAll(() => shop.remove());

const prepare = async (words: Partial<SearchOptions>): Promise<PreparedSearch> =>
  prepareSearch({ ...WORDS, repo: repo.path, ...words }, { cache: await openCache(cache) });

async function refusal(words: Partial<SearchOptions>): Promise<{ message: string; hint: string }> {
  const error = await prepare(words).then(
    () => new Error('it was not refused'),
    (thrown: Error) => thrown,
  );
  if (!(error instanceof UserError)) throw error;
  // Nothing was built for it.
  expect(await readdir(join(cache, 'build', 'work')).catch(() => [])).toEqual([]);
  return { message: error.message, hint: error.hint ?? '' };
}

test('ends that are swapped, the same, unknown or missing', async () => {
  const [good = '', , , , bad = ''] = repo.ids;
  expect((await refusal({ good: bad, bad: good })).message).toMatch(/^the ends are swapped: --bad/);
  expect((await refusal({ good: bad, bad: good })).hint).toMatch(/--old .* --new/);
  expect((await refusal({ old: bad, new: good })).message).toMatch(/^the ends are swapped: --new/);
  expect((await refusal({ good, bad: good })).message).toMatch(/are the same commit/);
  expect((await refusal({ good: 'v9.9', bad })).message).toMatch(/^--good v9.9: .* has no such commit/);
  expect((await refusal({ good })).message).toBe('--bad is missing');
  expect((await refusal({})).message).toMatch(/needs its ends/);
  expect((await refusal({ good, new: bad })).message).toMatch(/do not go with/);
  expect((await refusal({ good: '--help', bad })).message).toMatch(/no such commit/);
});

test('a folder that is no repository, or a commit that is no kernel', async () => {
  const [good = '', bad = ''] = repo.ids;
  expect((await refusal({ repo: shop.temp, good, bad })).message).toMatch(/is not a git repository/);
  expect((await refusal({ repo: join(shop.folder, 'nowhere'), good, bad })).message).toMatch(
    /no such directory/,
  );
  const other = join(shop.folder, 'other');
  await mkdir(other);
  git(other, 'init', '--quiet');
  for (const count of [1, 2]) {
    await writeFile(join(other, 'file'), String(count));
    git(other, 'add', 'file');
    git(other, 'commit', '--quiet', '-m', String(count));
  }
  expect((await refusal({ repo: other, good: 'HEAD~', bad: 'HEAD' })).message).toMatch(
    /is not a kernel tree/,
  );
});

test('unrelated histories', async () => {
  git(repo.path, 'checkout', '--quiet', '--orphan', 'apart');
  git(repo.path, 'commit', '--quiet', '-m', 'apart');
  const apart = git(repo.path, 'rev-parse', 'HEAD');
  git(repo.path, 'checkout', '--quiet', 'main');
  const { message, hint } = await refusal({ good: apart, bad: repo.ids[4] ?? '' });
  expect(message).toMatch(/have no common history/);
  expect(hint).toMatch(/tarball/);
});

test('a shallow clone: commits that it lacks, and a history that is cut off between the ends', async () => {
  const shallow = join(shop.folder, 'shallow');
  git(shop.folder, 'clone', '--quiet', '--depth=3', `file://${repo.path}`, shallow);
  const words = { repo: shallow, bad: 'HEAD' };
  expect(await refusal({ ...words, good: repo.ids[0] ?? '' })).toMatchObject({
    message: expect.stringMatching(/no such commit/),
    hint: expect.stringMatching(/shallow clone.*--unshallow/),
  });
  // Within what there is of it, it is as good as any.
  expect((await prepare({ ...words, good: 'HEAD~2' })).spec.subjects).toMatchObject({ old: repo.ids[2] });
  // A branch that came in by a merge, and of which only the tip is there.
  git(repo.path, 'checkout', '--quiet', '-b', 'side', repo.ids[1] ?? '');
  await repo.commit('notes');
  await repo.commit('notes');
  git(repo.path, 'checkout', '--quiet', 'main');
  git(repo.path, 'merge', '--quiet', '-m', 'merge', 'side');
  const merged = join(shop.folder, 'merged');
  git(shop.folder, 'clone', '--quiet', '--depth=2', `file://${repo.path}`, merged);
  expect((await refusal({ repo: merged, good: 'HEAD~', bad: 'HEAD' })).message).toMatch(
    /cut off between the ends/,
  );
});

test('paths that nothing touches, and commits to skip that are none', async () => {
  const [good = '', , , , bad = ''] = repo.ids;
  expect((await refusal({ good, bad, paths: ['nothing.c'] })).message).toMatch(
    /no commit .* touches nothing.c/,
  );
  expect((await refusal({ good, bad, skip: ['nowhere'] })).message).toMatch(/^--skip nowhere/);
  const { spec } = await prepare({ good, bad, skip: [`${repo.ids[1]}..${repo.ids[3]}`] });
  expect(spec.subjects).toMatchObject({ skip: [repo.ids[3], repo.ids[2]] });
});

test('uncommitted changes and a bisect of the user are no obstacle, and it is said so', async () => {
  const [good = '', , , , bad = ''] = repo.ids;
  await writeFile(join(repo.path, 'one.c'), 'changed\n');
  git(repo.path, 'bisect', 'start');
  const before = await stateOfRepo(repo.path);
  const { notes } = await prepare({ good, bad });
  expect(notes.join('\n')).toMatch(/uncommitted changes: they take no part.*\n.*git bisect of your own/);
  expect(await stateOfRepo(repo.path)).toBe(before);
  git(repo.path, 'bisect', 'reset');
});

test('the command ends with 2, says why, and keeps nothing', async () => {
  const [good = '', , , , bad = ''] = repo.ids;
  const ran = await shop.run([
    'bisect',
    '--cell',
    'hpet=off',
    '--repo',
    'repo',
    '--good',
    bad,
    '--bad',
    good,
  ]);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toMatch(/^tscmatrix: the ends are swapped/);
  expect(await readdir(shop.folder)).not.toContain('results');
  for (const args of [['--resume'], ['--resume', 'nowhere'], ['--resume', '--good', good]]) {
    expect((await shop.run(['bisect', ...args])).code, args.join(' ')).toBe(2);
  }
});

test('inside "git bisect run" the environment of its git does not lead astray', async () => {
  const [good = '', , , , bad = ''] = repo.ids;
  const env = { GIT_DIR: '/nowhere', GIT_WORK_TREE: '/nowhere', GIT_INDEX_FILE: '/nowhere/index' };
  const ran = await shop.run(['bisect', '--cell', '', '--repo', 'repo', '--good', bad, '--bad', good], {
    env,
  });
  expect(ran.stderr).toMatch(/^tscmatrix: the ends are swapped/);
});
