/** Runs commands on another host over SSH. The only file that imports ssh2. */

import ssh2, {
  type AuthenticationType,
  type AuthMethod,
  type Client,
  type ClientChannel,
  type ServerHostKeyAlgorithm,
} from 'ssh2';
import { HostFault, Interrupted } from '../base/errors.ts';
import { interruption, stopIfInterrupted } from './interruption.ts';
import { findKnownKeys, judgeHostKey, type KnownKey } from './known-hosts.ts';
import { chooseLogin, type KeyCheck, type Login } from './ssh-login.ts';
import { type SshTarget, sshArguments } from './ssh-target.ts';

export interface SshOptions {
  /** A private key's file; else the agent and the user's default keys. */
  readonly identity?: string | undefined;
  /** From the first packet to being logged in, ms. */
  readonly connectMs?: number;
}

export interface RemoteResult {
  /** Null if a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface SshSession {
  /** Runs one command line by the user's login shell there, without a terminal and with nothing to read. */
  run(
    command: string,
    limits: { readonly timeoutMs: number; readonly maxBytes: number },
  ): Promise<RemoteResult>;
  close(): void;
}

const CONNECT_MS = 20_000;
/** What is kept of a command's stderr. */
const STDERR_BYTES = 16 * 1024;

const checkKey: KeyCheck = (text) => {
  const parsed = ssh2.utils.parseKey(text);
  if (!(parsed instanceof Error)) {
    const key = Array.isArray(parsed) ? parsed[0] : parsed;
    return key?.isPrivateKey() === true ? 'whole' : { fault: 'it is a public key' };
  }
  return /encrypted/i.test(parsed.message) ? 'encrypted' : { fault: parsed.message };
};

/** The host keys that ssh2 can check, in its own order of preference. */
const KEY_ALGORITHMS: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
];

/** A host shows one of its keys, of the first type that we ask for: ask for those that are known first. */
function byKnown(known: readonly KnownKey[]): ServerHostKeyAlgorithm[] {
  const types = new Set(known.filter(({ revoked }) => !revoked).map(({ type }) => type));
  const isKnown = (name: string): boolean => types.has(name.startsWith('rsa-sha2-') ? 'ssh-rsa' : name);
  return [...KEY_ALGORITHMS.filter(isKnown), ...KEY_ALGORITHMS.filter((name) => !isKnown(name))];
}

function methods({ user }: SshTarget, { agent, keys }: Login): AuthMethod[] {
  const method = (type: AuthenticationType, more: object): AuthMethod => ({ type, username: user, ...more });
  return [
    ...(agent === null ? [] : [method('agent', { agent })]),
    ...keys.map(({ text }) => method('publickey', { key: text })),
  ];
}

function connectFault(
  target: SshTarget,
  login: Login,
  error: Error & { level?: string; code?: unknown },
): HostFault {
  const where = `${target.user}@${target.host} port ${target.port}`;
  if (error.level === 'client-authentication' || error.level === 'agent') {
    const tried = [...(login.agent === null ? [] : ['the agent']), ...login.keys.map(({ path }) => path)];
    const why = login.skipped.length === 0 ? '' : `; not tried: ${login.skipped.join(', ')}`;
    return new HostFault(
      'ssh-auth',
      `${where} did not let us in with the keys of ${tried.join(', ')}${why}`,
      `see whether this works: ssh ${sshArguments(target)} true`,
      { cause: error },
    );
  }
  const timeout = error.level === 'client-timeout';
  return new HostFault(
    'ssh-failed',
    timeout ? `${where} did not answer in time` : `cannot reach ${where} over SSH: ${error.message}`,
    'check the name, the port and that sshd runs there; ~/.ssh/config is not read here',
    { cause: error },
  );
}

/** Logs in. Throws HostFault 'ssh-failed', 'ssh-host-key' or 'ssh-auth', and UserError for a key that is of no use. */
export async function openSsh(target: SshTarget, options: SshOptions = {}): Promise<SshSession> {
  const signal = interruption();
  const login = await chooseLogin(options.identity, checkKey);
  const known = await findKnownKeys(target);
  const client = new ssh2.Client();
  const what = `the connection to ${target.host}`;
  const abort = (): void => void client.destroy();
  stopIfInterrupted(what);
  signal.addEventListener('abort', abort, { once: true });
  let keyFault: HostFault | null = null;
  try {
    await new Promise<void>((resolve, reject) => {
      client.on('ready', resolve);
      // Small packets to and fro: without this each of them may wait for an acknowledgement.
      client.on('connect', () => client.setNoDelay(true));
      client.on('close', () => reject(new Error('the connection was closed')));
      client.on('error', reject);
      client.connect({
        host: target.host,
        port: target.port,
        username: target.user,
        readyTimeout: options.connectMs ?? CONNECT_MS,
        keepaliveInterval: 10_000,
        algorithms: { serverHostKey: byKnown(known) },
        hostVerifier: (blob: Buffer) => {
          keyFault = judgeHostKey(target, blob, known);
          return keyFault === null;
        },
        authHandler: methods(target, login),
      });
    });
  } catch (error) {
    client.destroy();
    signal.removeEventListener('abort', abort);
    stopIfInterrupted(what);
    throw keyFault ?? connectFault(target, login, error as Error);
  }
  return {
    run: (command, limits) => runRemote(client, command, limits),
    close: () => {
      signal.removeEventListener('abort', abort);
      client.end();
    },
  };
}

function runRemote(
  client: Client,
  command: string,
  limits: { readonly timeoutMs: number; readonly maxBytes: number },
): Promise<RemoteResult> {
  const signal = interruption();
  return new Promise((resolve, reject) => {
    let channel: ClientChannel | null = null;
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      client.off('close', gone);
      client.off('error', gone);
      settle();
    };
    const fail = (code: string, message: string): void => {
      channel?.close();
      finish(() => reject(new HostFault(code, message)));
    };
    const timer = setTimeout(
      () => fail('ssh-timeout', `"${command}" took longer than ${limits.timeoutMs / 1000} s there`),
      limits.timeoutMs,
    );
    const gone = (error?: unknown): void => {
      const why = error instanceof Error ? `: ${error.message}` : '';
      if (signal.aborted) finish(() => reject(new Interrupted('the connection')));
      else fail('ssh-failed', `the connection was lost during "${command}"${why}`);
    };
    client.on('close', gone);
    client.on('error', gone);
    client.exec(command, (error, stream) => {
      if (error) return fail('ssh-failed', `the host did not run "${command}": ${error.message}`);
      channel = stream;
      const chunks: Buffer[] = [];
      let bytes = 0;
      let stderr = '';
      let exitCode: number | null = null;
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > limits.maxBytes)
          fail('ssh-failed', `"${command}" printed more than ${limits.maxBytes} bytes`);
        else chunks.push(chunk);
      });
      stream.stderr.on('data', (chunk: Buffer) => {
        if (stderr.length < STDERR_BYTES) stderr += chunk.toString('utf8');
      });
      stream.on('exit', (code: number | null) => {
        exitCode = code;
      });
      stream.on('close', () => finish(() => resolve({ exitCode, stdout: Buffer.concat(chunks), stderr })));
      stream.end();
    });
  });
}
