/** The host keys that the user has accepted, as ssh-keygen(1) finds them: hashed names, patterns and markers too. */
import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { HostFault } from '../base/errors.ts';
import { tryTool } from './process.ts';
import { knownHostsName, type SshTarget, sshArguments } from './ssh-target.ts';

export interface KnownKey {
  readonly type: string;
  /** The key blob in base64. */
  readonly key: string;
  readonly revoked: boolean;
  readonly file: string;
}

/** The files that ssh(1) reads if nothing else is configured: UserKnownHostsFile, GlobalKnownHostsFile in ssh_config(5). */
function knownHostsFiles(): string[] {
  const own = join(homedir(), '.ssh');
  return [
    join(own, 'known_hosts'),
    join(own, 'known_hosts2'),
    '/etc/ssh/ssh_known_hosts',
    '/etc/ssh/ssh_known_hosts2',
  ];
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Lines of "ssh-keygen -F": comments, and entries as they stand in the file. Host certificates are not checked here. */
function parseFound(text: string, file: string): KnownKey[] {
  return text.split('\n').flatMap((line) => {
    if (line.startsWith('#') || line.trim() === '') return [];
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined;
    const [, type, key] = words;
    if (type === undefined || key === undefined || marker === '@cert-authority') return [];
    return [{ type, key, revoked: marker === '@revoked', file }];
  });
}

/** Every key that is known for this host. */
export async function findKnownKeys(target: SshTarget): Promise<KnownKey[]> {
  const found: KnownKey[] = [];
  for (const file of knownHostsFiles()) {
    if (!(await exists(file))) continue;
    // It ends with 1 if it finds nothing.
    const { stdout } = await tryTool('ssh-keygen', ['-F', knownHostsName(target), '-f', file], {
      hint: 'apt-get install openssh-client',
    });
    found.push(...parseFound(stdout, file));
  }
  return found;
}

/** The type that a key blob names itself: a string with its length before it (RFC 4253, section 6.6). */
function keyType(blob: Buffer): string {
  return blob.length < 4 ? 'unknown' : blob.toString('latin1', 4, 4 + blob.readUInt32BE(0));
}

/** As ssh(1) and ssh-keygen -l show it. */
function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** What is wrong with the key that the host showed; null if it is known. */
export function judgeHostKey(target: SshTarget, blob: Buffer, known: readonly KnownKey[]): HostFault | null {
  const type = keyType(blob);
  const key = blob.toString('base64');
  const shown = `${type} ${fingerprint(blob)}`;
  const name = knownHostsName(target);
  const same = known.filter((one) => one.key === key);
  const revoked = same.find((one) => one.revoked);
  if (revoked !== undefined) {
    return new HostFault(
      'ssh-host-key',
      `the key that ${name} shows is revoked in ${revoked.file}: ${shown}`,
      'do not log in there; ask whoever runs that host',
    );
  }
  if (same.length > 0) return null;
  const other = known.find((one) => one.type === type && !one.revoked);
  if (other !== undefined) {
    const was = fingerprint(Buffer.from(other.key, 'base64'));
    return new HostFault(
      'ssh-host-key',
      `the host key of ${name} has changed: it shows ${shown}, ${other.file} has ${was}. Another host may be posing as it`,
      `only if you know why it changed: ssh-keygen -f ${other.file} -R '${name}', then: ssh ${sshArguments(target)} true`,
    );
  }
  return new HostFault(
    'ssh-host-key',
    `the host key of ${name} is not known: ${shown}`,
    `compare the fingerprint and accept it with: ssh ${sshArguments(target)} true`,
  );
}
