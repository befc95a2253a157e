/** Runs git so that it asks nothing, starts nothing that a repository names, and writes where we say. */

import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { type ToolResult, tryTool } from '../../host/process.ts';
import { printable } from '../make/errors.ts';
import { gitView, NO_CONVERSION, repositoryOption } from './git-view.ts';
import { findRepository, readShort } from './repository.ts';

export interface GitPlace {
  /** The repository: a work tree, or a bare one. */
  readonly repository: string;
  /** It was made by us. Anybody else's is read through a git directory of ours: git-view.ts. */
  readonly own?: true;
  /** Files for commands that look at some, or write some. */
  readonly workTree?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.attributesFile=/dev/null',
  'gc.auto=0',
  'maintenance.auto=false',
].flatMap((setting) => ['-c', setting]);

/** Of the user's own configuration only a fetch needs anything: proxies, certificates, other names of addresses. */
const NO_CONFIGURATION = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };

/** A folder that is no repository, for commands that need none. */
export const NO_REPOSITORY = '/dev/null';

/** git's own variables in our environment are those of the hook or the "git bisect run" that started us. */
function environment(keep: RegExp | null): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && (!entry[0].startsWith('GIT_') || keep?.test(entry[0]) === true),
  );
  return Object.fromEntries(entries);
}

/** The git directory to read a repository through; UserError if there is none. */
async function gitDirOf(place: GitPlace): Promise<string> {
  if (place.own === true || place.repository === NO_REPOSITORY) return place.repository;
  const found = await findRepository(place.repository);
  if (found === null) throw new UserError(`${place.repository} is not a git repository`);
  const view = await gitView(found);
  await view.refresh();
  return view.gitDir;
}

/** Throws UserError if the place is no repository. No protocol is allowed: nothing is fetched on the way. */
export async function tryGit(
  place: GitPlace,
  args: readonly string[],
  input?: string | Uint8Array,
): Promise<ToolResult> {
  const gitDir = await gitDirOf(place);
  return run(place, [`--git-dir=${gitDir}`, ...args], input, {
    ...environment(null),
    ...NO_CONFIGURATION,
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: 'none',
  });
}

/** Programs and certificates that the user has set for git's own connections. */
const OF_CONNECTIONS = /^GIT_(?:SSH|SSL|HTTP|PROXY|ASKPASS|CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM)|CURL|TRACE)/;

/** A fetch into a repository of ours, by protocols whose addresses name no program (git-remote-ext(1) does). */
export function fetchGit(place: GitPlace, args: readonly string[]): Promise<ToolResult> {
  return run(
    place,
    [`--git-dir=${place.repository}`, 'fetch', '--no-recurse-submodules', ...args],
    undefined,
    {
      GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
      ...environment(OF_CONNECTIONS),
      GIT_ALLOW_PROTOCOL: 'http:https:git:ssh:file',
    },
  );
}

function run(
  place: GitPlace,
  args: readonly string[],
  input: string | Uint8Array | undefined,
  env: Readonly<Record<string, string>>,
): Promise<ToolResult> {
  return tryTool('git', [...SETTINGS, ...args], {
    env: {
      ...env,
      LC_ALL: 'C',
      GIT_TERMINAL_PROMPT: '0',
      ...(place.workTree === undefined ? {} : { GIT_WORK_TREE: place.workTree }),
      ...place.env,
    },
    onlyEnv: true,
    cwd: place.workTree ?? '/',
    hint: 'apt-get install git',
    ...(input === undefined ? {} : { input }),
  });
}

/** The output of a git command that has to succeed. */
export async function git(
  place: GitPlace,
  args: readonly string[],
  input?: string | Uint8Array,
): Promise<string> {
  const result = await tryGit(place, args, input);
  if (result.exitCode === 0) return result.stdout;
  const why = printable(result.stderr.trim().split('\n').slice(-3).join('\n'));
  throw new UserError(`git ${args[0]} in ${place.repository} failed: ${why}`);
}

/**
 * Makes it, or gives the one that is there its present loan. `folder` becomes the repository itself (a bare one). The
 * caller holds a lock on it: locks of git's own that are found in it were left by one that was killed.
 */
export async function privateGit(folder: string, users: GitPlace): Promise<GitPlace> {
  const place: GitPlace = { repository: folder, own: true };
  const found = await findRepository(users.repository);
  if (found === null) throw new UserError(`${users.repository} is not a git repository`);
  const common = found.commonDir;
  const format = (await repositoryOption(common, 'extensions.objectFormat')) ?? 'sha1';
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) if (name.endsWith('.lock')) await rm(join(folder, name));
  // No template: one of the user's may bring hooks.
  await git(place, ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, folder]);
  await mkdir(join(folder, 'info'), { recursive: true });
  await writeFile(join(folder, 'info', 'attributes'), NO_CONVERSION);
  // Read as lines: a path that begins with a quote or # would have to be quoted, and an absolute one never does.
  await writeFile(join(folder, 'objects', 'info', 'alternates'), `${join(common, 'objects')}\n`);
  // If the user's history ends, ours ends too.
  await rm(join(folder, 'shallow'), { force: true });
  const shallow = await readShort(join(common, 'shallow'));
  if (shallow !== null) await writeFile(join(folder, 'shallow'), shallow);
  return place;
}
