/** Sources in git: a ref of a local repository, or of one given by URL, which is mirrored into the cache. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault, UserError } from '../../base/errors.ts';
import { findEntry, storeEntry, withTemporary } from '../../host/cache.ts';
import { sha256OfParts } from '../../host/digest.ts';
import { isGitUrl } from '../../matrix/schema-parts.ts';
import { printable } from '../make/errors.ts';
import { inputFile } from '../make/input-file.ts';
import { gitFolder } from '../make/paths.ts';
import { fact, oneAtATime } from '../store.ts';
import type { AcquireOptions, GitOrigin } from '../types.ts';
import { fetchGit, type GitPlace, git, tryGit } from './git.ts';
import { NO_CONVERSION, repositoryOption } from './git-view.ts';
import { findRepository } from './repository.ts';
import type { Source, TreeReader } from './types.ts';
import { noSpace } from './untar.ts';

const KIND = 'git-ref';
const FULL_ID = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

export async function gitSource(location: string, ref: string, options: AcquireOptions): Promise<Source> {
  if (isGitUrl(location)) return remoteSource(location, ref, options);
  const place = { repository: location };
  await checkRepository(place);
  const commit = await findCommit(place, ref);
  const git = { repository: location, commit };
  return commitSource(place, git, `${location} at ${nameOf(ref, commit)}`, options);
}

async function checkRepository(place: GitPlace): Promise<void> {
  const found = await stat(place.repository).catch(() => undefined);
  if (found === undefined) throw new UserError(`${place.repository}: there is no such directory`);
  if ((await findRepository(place.repository)) === null) {
    throw new UserError(
      `${place.repository} is not a git repository`,
      'give a tree without git as directory: PATH',
    );
  }
}

async function findCommit(place: GitPlace, ref: string, what = place.repository): Promise<string> {
  const result = await tryGit(place, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${ref}^{commit}`,
  ]);
  if (result.exitCode !== 0) {
    throw new UserError(
      `${what} has no commit ${JSON.stringify(ref)}`,
      'name a commit, a tag or a branch; a shallow clone lacks old ones',
    );
  }
  return result.stdout.trim();
}

async function commitSource(
  place: GitPlace,
  from: GitOrigin,
  label: string,
  options: AcquireOptions,
): Promise<Source> {
  const tree = (await git(place, ['rev-parse', '--verify', `${from.commit}^{tree}`])).trim();
  return {
    ...treeSource(place, tree, label, options),
    git: from,
    commitPatch: async (wanted) => {
      const id = await findCommit(place, wanted);
      const text = await git(place, [
        'format-patch',
        '--stdout',
        '--no-signature',
        '--no-ext-diff',
        '-1',
        id,
      ]);
      if (text === '') throw new UserError(`the commit ${wanted} changes nothing: a merge cannot be picked`);
      return inputFile(`commit ${id.slice(0, 12)}`, Buffer.from(text));
    },
  };
}

/** A tree of a repository as a source. The same tree is the same source, whichever commit or directory it came from. */
export function treeSource(place: GitPlace, tree: string, label: string, options: AcquireOptions): Source {
  return {
    digest: createHash('sha256').update(`git tree ${tree}`).digest('hex'),
    label,
    read: readTree(place, tree),
    // Not git archive: attributes in the tree (export-ignore, export-subst) would change what comes out.
    unpack: (into) =>
      withTemporary(options.cache, async (scratch) => {
        const env = { ...place.env, GIT_INDEX_FILE: join(scratch, 'index') };
        const work = { ...place, env };
        await git(work, ['read-tree', tree]);
        const result = await tryGit({ ...work, workTree: into }, [
          'checkout-index',
          '--all',
          '--quiet',
          `--prefix=${into}/`,
        ]);
        if (result.exitCode === 0) return;
        if (/No space left/.test(result.stderr)) throw noSpace(`to check out ${label}`);
        throw new UserError(
          `cannot check out ${label}: ${printable(result.stderr.trim())}`,
          await partialHint(place),
        );
      }),
  };
}

/** By git's own store; what a link leads to is not looked at. */
function readTree(place: GitPlace, tree: string): TreeReader {
  return async (paths) => {
    // No file holds it by chance: it ends each header, and the lines between two headers are a file.
    const mark = randomUUID();
    const asked = paths.map((path) => `${tree}:${path} ${path}\n`).join('');
    const format = `--batch=%(objecttype) %(rest) ${mark}`;
    const text = await git(place, ['cat-file', format], asked);
    const files = new Map<string, string | null>(paths.map((path) => [path, null]));
    for (const part of text.split(new RegExp(`(?=^blob \\S+ ${mark}$)`, 'm'))) {
      const header = new RegExp(`^blob (\\S+) ${mark}\n`).exec(part);
      if (header !== null) files.set(header[1] ?? '', part.slice(header[0].length));
    }
    return files;
  };
}

/** Of a partial clone nothing is fetched on the way: from where, and by which program, its own configuration would say. */
async function partialHint({ repository }: GitPlace): Promise<string | undefined> {
  const found = await findRepository(repository);
  const isPartial =
    found !== null && (await repositoryOption(found.commonDir, 'extensions.partialClone')) !== null;
  return isPartial
    ? 'it is a partial clone: git fetch --refetch --no-filter brings what it lacks'
    : undefined;
}

/** A branch means the commit that it was at first, until a refresh: the same matrix builds the same kernel. */
async function remoteSource(url: string, ref: string, options: AcquireOptions): Promise<Source> {
  const key = sha256OfParts({ url, ref });
  const mirror = sha256OfParts({ url });
  const place: GitPlace = {
    repository: gitFolder(options.cache, mirror),
    own: true,
  };
  const known = async (): Promise<string | undefined> => {
    const entry = options.refresh ? undefined : await findEntry(options.cache, KIND, key);
    const commit = FULL_ID.test(ref) ? ref : entry && fact(entry, 'commit');
    if (commit === undefined || (await stat(place.repository).catch(() => undefined)) === undefined)
      return undefined;
    const there = await tryGit(place, ['cat-file', '-e', `${commit}^{commit}`]);
    return there.exitCode === 0 ? commit : undefined;
  };
  const commit =
    (await known()) ??
    (await oneAtATime(`git ${mirror}`, url, options, async () => {
      const meanwhile = await known();
      if (meanwhile !== undefined) return meanwhile;
      await fetchMirror(url, place, options);
      const found = await findCommit(place, ref, url);
      await storeEntry(options.cache, { kind: KIND, key, facts: { url, ref, commit: found } });
      return found;
    }));
  const now = new Date();
  await utimes(place.repository, now, now); // Pruning goes by it.
  return commitSource(place, { repository: url, commit }, `${url} at ${nameOf(ref, commit)}`, options);
}

async function fetchMirror(url: string, place: GitPlace, options: AcquireOptions): Promise<void> {
  options.onProgress?.(`fetching ${url}`);
  await mkdir(place.repository, { recursive: true });
  await git(place, ['init', '--quiet', '--bare', '--template=']);
  await mkdir(join(place.repository, 'info'), { recursive: true });
  await writeFile(join(place.repository, 'info', 'attributes'), NO_CONVERSION);
  // A fetch that was killed leaves locks and half packs; the lock of the cache is ours, so they are nobody's.
  await rm(join(place.repository, 'shallow.lock'), { force: true });
  const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
  const result = await fetchGit(place, ['--quiet', '--prune', '--no-write-fetch-head', '--', url, ...refs]);
  if (result.exitCode === 0) return;
  const why = printable(result.stderr.trim().split('\n').slice(-3).join('\n'));
  if (/No space left/.test(why)) throw noSpace(`to fetch ${url}`);
  throw new HostFault('network', `cannot fetch ${url}:\n${why}`, 'check the address and the network');
}

function nameOf(ref: string, commit: string): string {
  const short = commit.slice(0, 12);
  return ref.startsWith(short) ? short : `${ref} (${short})`;
}
