/** What one can log in with: an agent, or a key in a file. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { HostFault, UserError } from '../base/errors.ts';

export interface Login {
  /** The agent's socket. */
  readonly agent: string | null;
  /** Private keys, as their files hold them. */
  readonly keys: readonly { readonly path: string; readonly text: Buffer }[];
  /** Keys that were left out, and why. */
  readonly skipped: readonly string[];
}

/** `whole`: a key that can be used; `encrypted`: only with its passphrase; else what is wrong. */
export type KeyCheck = (text: Buffer) => 'whole' | 'encrypted' | { readonly fault: string };

/** Those that ssh(1) tries by itself; see IdentityFile in ssh_config(5). */
const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

async function namedKey(path: string, check: KeyCheck): Promise<Login> {
  let text: Buffer;
  try {
    text = await readFile(path);
  } catch (error) {
    throw new UserError(
      `cannot read the key ${path}: ${(error as Error).message}`,
      'give the file of a private key',
    );
  }
  const state = check(text);
  if (state === 'encrypted') {
    throw new UserError(
      `the key ${path} is encrypted, and passphrases are not asked for here`,
      `give it to an agent and leave --identity out: eval "$(ssh-agent)"; ssh-add ${path}`,
    );
  }
  if (state !== 'whole') {
    const hint = /\.pub$/.test(path) ? 'that is the public half; leave out .pub' : undefined;
    throw new UserError(`${path} is not a private key that can be used: ${state.fault}`, hint);
  }
  return { agent: null, keys: [{ path, text }], skipped: [] };
}

/**
 * A key that is named is the only one tried; else the agent's keys and then the user's own default ones. Throws
 * UserError if the named key cannot be used, HostFault if there is nothing to log in with.
 */
export async function chooseLogin(identity: string | undefined, check: KeyCheck): Promise<Login> {
  if (identity !== undefined) return namedKey(identity, check);
  const agent = process.env.SSH_AUTH_SOCK || null;
  const keys: Login['keys'][number][] = [];
  const skipped: string[] = [];
  for (const name of DEFAULT_KEYS) {
    const path = join(homedir(), '.ssh', name);
    const text = await readFile(path).catch(() => null);
    if (text === null) continue;
    const state = check(text);
    if (state === 'whole') keys.push({ path, text });
    else skipped.push(state === 'encrypted' ? `${path} is encrypted` : `${path}: ${state.fault}`);
  }
  if (agent === null && keys.length === 0) {
    const why = skipped.length === 0 ? '' : ` (${skipped.join('; ')})`;
    throw new HostFault(
      'ssh-auth',
      `nothing to log in with: no agent runs (SSH_AUTH_SOCK) and there is no usable key in ~/.ssh${why}`,
      'eval "$(ssh-agent)"; ssh-add, or name a key with --identity FILE',
    );
  }
  return { agent, keys, skipped };
}
