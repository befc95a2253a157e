/** [user@]host[:port] as one types it, in parts. */
import { userInfo } from 'node:os';
import { UserError } from '../base/errors.ts';

export interface SshTarget {
  readonly user: string;
  readonly host: string;
  readonly port: number;
}

const SSH_PORT = 22;

/** user, then an address in brackets or a name, then a port. A bare IPv6 address has no port. */
const TARGET = /^(?:([^@\s]+)@)?(?:\[([\da-f:.%\w]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i;
const BARE_V6 = /^(?:([^@\s]+)@)?([\da-f]*:[\da-f]*:[\da-f:.]*(?:%\w+)?)$/i;

/** Throws UserError if the text is no target; a missing user is the one who asks. */
export function parseSshTarget(text: string): SshTarget {
  const bare = BARE_V6.exec(text);
  const match = bare === null ? TARGET.exec(text) : null;
  const host = bare?.[2] ?? match?.[2] ?? match?.[3];
  const port = match?.[4] === undefined ? SSH_PORT : Number(match[4]);
  const user = bare?.[1] ?? match?.[1] ?? userInfo().username;
  // A leading "-" would be an option to ssh-keygen.
  if (host === undefined || host.startsWith('-') || user.startsWith('-') || port < 1 || port > 65535) {
    throw new UserError(
      `--ssh ${JSON.stringify(text)} is no host to log in to`,
      'give [user@]host[:port], for example root@guest.example:2222 or root@[fe80::1]:22',
    );
  }
  return { user, host: host.toLowerCase(), port };
}

/** How known_hosts calls the host: with its port if that is not the usual one (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export function knownHostsName({ host, port }: SshTarget): string {
  return port === SSH_PORT ? host : `[${host}]:${port}`;
}

/** The arguments with which ssh(1) goes there. */
export function sshArguments({ user, host, port }: SshTarget): string {
  return `${port === SSH_PORT ? '' : `-p ${port} `}${user}@${host}`;
}
