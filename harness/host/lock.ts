/**
 * Advisory locks between processes, one file per key.
 *
 * The lock is flock(2), held by a flock(1) child that exists only for it. The kernel drops it when the child
 * ends, and the child ends when its stdin does, which is when we do, kill -9 included. So there are no stale
 * locks to find and break, process ids may be reused, and containers that share a cache folder but not their
 * process ids exclude each other too. npm's lock libraries were looked at: proper-lockfile guesses staleness
 * from file times, which a stopped process or a stepped clock defeats, and has had no release since 2021.
 * flock is in util-linux, as is the setpriv that every helper process here needs.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault } from '../base/errors.ts';
import { interruption, stopIfInterrupted } from './interruption.ts';
import { startProcess } from './process.ts';

/** $1 is the lock file, $2 says who holds it. Ends with 75 if the file was removed while we waited for it. */
const HOLDER = `
held=no
for fd in /proc/$$/fd/*; do [ "$fd" -ef "$1" ] && held=yes; done
[ $held = yes ] || exit 75
printf '%s\\n' "$2" > "$1"
echo locked
read -r _
rm -f -- "$1"
`;
const BUSY = 74;
const REPLACED = 75;

export interface LockOptions {
  /** What is done under the lock; others who wait are told. */
  readonly purpose: string;
  /** Called once if somebody else holds the lock. */
  readonly onWait?: (text: string) => void;
}

interface Lock {
  release(): Promise<void>;
}

/** Takes the lock of a key in a folder; waits as long as another process, or another caller here, holds it. */
export async function takeLock(folder: string, key: string, options: LockOptions): Promise<Lock> {
  await mkdir(folder, { recursive: true });
  // The digest makes any key a file name; the readable part is for people who look at the folder.
  const readable = key.replace(/[^\w.+-]+/g, '_').slice(0, 60);
  const file = join(
    folder,
    `${readable}-${createHash('sha256').update(key).digest('hex').slice(0, 16)}.lock`,
  );
  let reported = false;
  for (;;) {
    stopIfInterrupted(`waiting for the lock ${file}`);
    const attempt = await startHolder(file, reported, options);
    if (typeof attempt !== 'number') return attempt;
    if (attempt === BUSY) {
      options.onWait?.(`waiting for another process: ${await holderOf(file)}`);
      reported = true;
    } else if (attempt !== REPLACED) {
      throw new HostFault('lock-failed', `cannot lock ${file}: flock ended with ${attempt}`);
    }
  }
}

/** Runs `work` under the lock of a key and releases it however the work ends. */
export async function withLock<T>(
  folder: string,
  key: string,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const lock = await takeLock(folder, key, options);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

async function startHolder(file: string, wait: boolean, options: LockOptions): Promise<Lock | number> {
  const who = `${options.purpose} (process ${process.pid})`;
  const mode = wait ? [] : ['--nonblock', '--conflict-exit-code', String(BUSY)];
  const child = startProcess('flock', [...mode, '--no-fork', file, 'sh', '-c', HOLDER, 'sh', file, who], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'ignore',
    // A session of its own: Ctrl-C must not end the holder while we still clean up under the lock.
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
  });
  const output = child.stdout;
  const input = child.stdin;
  if (!output || !input) throw new HostFault('lock-failed', `cannot lock ${file}: flock did not start`);
  input.on('error', () => {}); // The holder may be gone already (EPIPE); its exit tells us so.
  // Only the wait is aborted. A lock that is held stays held until it is released: its owner may have to tidy up. A
  // holder that does not wait answers at once; killed, it could leave a lock file behind that it has just made.
  const abort = () => {
    if (wait) child.kill('SIGKILL');
  };
  const signal = interruption();
  signal.addEventListener('abort', abort, { once: true });
  const locked = await saysAnything(output);
  signal.removeEventListener('abort', abort);
  if (locked && !signal.aborted) {
    return {
      release: async () => {
        input.end();
        await child;
      },
    };
  }
  input.end();
  const { exitCode } = await child;
  stopIfInterrupted(`waiting for the lock ${file}`);
  if (exitCode === undefined || exitCode === 127) {
    throw new HostFault('tool-missing', 'the program flock is not installed', 'apt-get install util-linux');
  }
  return exitCode;
}

/** The holder prints a line once it holds the lock, and nothing if it does not get it. */
function saysAnything(stream: NodeJS.ReadableStream): Promise<boolean> {
  return new Promise((resolve) => {
    stream.on('data', () => resolve(true));
    stream.on('end', () => resolve(false));
    stream.on('error', () => resolve(false));
  });
}

async function holderOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trim() || file;
}
