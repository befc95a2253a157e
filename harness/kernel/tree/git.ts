/** Runs git so that it asks nothing, runs no hooks, and writes where we say. */
import { UserError } from '../../base/errors.ts';
import { type ToolResult, tryTool } from '../../host/process.ts';
import { printable } from '../make/errors.ts';

export interface GitPlace {
  /** The repository: a work tree, or a bare one. */
  readonly repository: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** The user has named the repository; who owns it is no reason to refuse it, and its hooks are not run by reading. */
const SETTINGS = [
  'safe.directory=*',
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'protocol.ext.allow=never',
].flatMap((setting) => ['-c', setting]);

export function tryGit(
  place: GitPlace,
  args: readonly string[],
  input?: string | Uint8Array,
): Promise<ToolResult> {
  return tryTool('git', [...SETTINGS, '-C', place.repository, ...args], {
    env: { LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_SSH_COMMAND: 'ssh -oBatchMode=yes', ...place.env },
    hint: 'apt-get install git',
    ...(place.signal === undefined ? {} : { signal: place.signal }),
    ...(input === undefined ? {} : { input }),
  });
}

/** The output of a git command that has to succeed. */
export async function git(place: GitPlace, args: readonly string[]): Promise<string> {
  const result = await tryGit(place, args);
  if (result.exitCode === 0) return result.stdout;
  const why = printable(result.stderr.trim().split('\n').slice(-3).join('\n'));
  throw new UserError(`git ${args[0]} in ${place.repository} failed: ${why}`);
}
