/** Upstream commits from the user's own clone of Linux: whole diffs, real patch-ids, and whatever touches the same files. */
import { stat } from 'node:fs/promises';
import { UserError } from '../../base/errors.ts';
import { parsePatch } from '../../kernel/patch/patch-text.ts';
import { type GitPlace, git, tryGit } from '../../kernel/tree/git.ts';
import { findRepository } from '../../kernel/tree/repository.ts';
import { compareChanges, isAlike } from './compare.ts';
import { type Changes, changesOfPatches } from './lines.ts';
import { patchIdOf } from './read.ts';
import { sameCommit, type UpstreamCommit } from './upstream.ts';

/** Commits of one history that are looked at; tsc.c has some 600. */
const MOST_COMMITS = 3000;
/** Commits like a patch that are looked at whole. */
const MOST_ALIKE = 8;

/** Whatever the user's configuration says: the diff that parsePatch reads. */
const DIFF = [
  '--no-show-signature',
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '--no-renames',
  '--diff-algorithm=myers',
  '--unified=3',
  '--inter-hunk-context=0',
  '--src-prefix=a/',
  '--dst-prefix=b/',
];

interface FoundCommits {
  /** The known ones with the text that the clone has of them, and others of it that are like the patch. */
  readonly commits: readonly UpstreamCommit[];
  /** For people: what was looked at. */
  readonly label: string;
}

/** Throws UserError if there is no repository. */
export async function commitsOfClone(
  repository: string,
  patch: Changes,
  known: readonly UpstreamCommit[],
): Promise<FoundCommits> {
  // Names of files are no patterns.
  const place: GitPlace = { repository, env: { GIT_LITERAL_PATHSPECS: '1' } };
  if ((await stat(repository).catch(() => undefined)) === undefined) {
    throw new UserError(`the upstream clone ${repository}: there is no such directory`);
  }
  if ((await findRepository(repository)) === null) {
    throw new UserError(
      `the upstream clone ${repository} is not a git repository`,
      'git clone Linux, and give its folder',
    );
  }
  const own = await Promise.all(
    known.map(async (commit) => (await wholeCommit(place, commit.id, commit)) ?? commit),
  );
  const files = [...new Set(patch.lines.map(({ file }) => file))].sort();
  const others = (await commitsTouching(place, files)).filter(
    ({ id }) => !known.some((commit) => sameCommit(commit.id, id)),
  );
  const alike = others
    .map((commit) => ({ commit, comparison: compareChanges(patch, commit.changes) }))
    .filter(({ comparison }) => isAlike(comparison))
    .sort((a, b) => b.comparison.found - a.comparison.found)
    .slice(0, MOST_ALIKE);
  const whole = await Promise.all(alike.map(({ commit }) => wholeCommit(place, commit.id)));
  const found = whole.filter((commit) => commit !== undefined);
  const commits = [...own, ...found];
  const fixes: UpstreamCommit[] = [];
  const followed: UpstreamCommit[] = [];
  for (const commit of commits) {
    const comparison = compareChanges(patch, commit.changes);
    if (commit.partial || comparison.reverse || !isAlike(comparison)) {
      followed.push(commit);
      continue;
    }
    const later = await fixesOf(place, commit.id);
    followed.push({ ...commit, followedBy: [...commit.followedBy, ...later] });
    for (const id of later) {
      if ([...commits, ...fixes].some((one) => sameCommit(one.id, id))) continue;
      const fix = await wholeCommit(place, id);
      if (fix !== undefined) {
        fixes.push({ ...fix, why: `its message says that it fixes ${commit.id.slice(0, 12)}` });
      }
    }
  }
  const of = others.length === MOST_COMMITS ? `the last ${MOST_COMMITS} commits` : `${others.length} commits`;
  return { commits: [...followed, ...fixes], label: `${repository}: ${of} that touch the same files` };
}

/** Undefined if the clone does not have it, as a shallow one may not. */
async function wholeCommit(
  place: GitPlace,
  id: string,
  known?: UpstreamCommit,
): Promise<UpstreamCommit | undefined> {
  const there = await tryGit(place, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${id}^{commit}`,
  ]);
  if (there.exitCode !== 0) return undefined;
  const full = there.stdout.trim();
  const text = await git(place, ['show', '--format=%s', '--patch', ...DIFF, full]);
  const [title = ''] = text.split('\n');
  return {
    id: known?.id ?? full.slice(0, 12),
    title,
    release: known?.release ?? (await releaseOf(place, full)),
    changes: changesOfPatches([{ name: full.slice(0, 12), files: parsePatch(text) }]),
    patchId: await patchIdOf(Buffer.from(text.slice(title.length))),
    partial: false,
    why: known?.why ?? null,
    needs: known?.needs ?? [],
    followedBy: known?.followedBy ?? [],
  };
}

/** The first release that holds it; null in a clone without tags, or before the release. */
async function releaseOf(place: GitPlace, id: string): Promise<string | null> {
  const named = await tryGit(place, ['describe', '--contains', '--match=v[0-9]*', '--exclude=*-rc*', id]);
  return named.exitCode === 0 ? (named.stdout.trim().split(/[~^]/)[0] ?? null) : null;
}

interface TouchingCommit {
  readonly id: string;
  readonly changes: Changes;
}

/** Newest first, each with what it does to these files alone. */
async function commitsTouching(place: GitPlace, files: readonly string[]): Promise<TouchingCommit[]> {
  if (files.length === 0) return [];
  const log = await git(place, [
    'log',
    '--no-merges',
    `--max-count=${MOST_COMMITS}`,
    '--format=%x00%H',
    '--patch',
    ...DIFF,
    'HEAD',
    '--',
    ...files,
  ]);
  return log
    .split('\0')
    .slice(1)
    .map((entry) => {
      const id = entry.slice(0, entry.indexOf('\n')).trim();
      return { id, changes: changesOfPatches([{ name: id.slice(0, 12), files: parsePatch(entry) }]) };
    });
}

/** Later commits whose message says "Fixes: ID", as Documentation/process/submitting-patches.rst has it. */
async function fixesOf(place: GitPlace, id: string): Promise<string[]> {
  const listed = await tryGit(place, [
    'log',
    '--no-merges',
    '--format=%H',
    '--extended-regexp',
    `--grep=^Fixes: ${id.slice(0, 10)}`,
    `${id}..HEAD`,
  ]);
  if (listed.exitCode !== 0) return [];
  return listed.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.slice(0, 12));
}
