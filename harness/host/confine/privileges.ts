/** Takes from a program of ours what it does not need: capabilities, new privileges, large files, core dumps. */
import { readFile } from 'node:fs/promises';
import { tryTool } from '../process.ts';

/** More than any console that is let grow (guest/watch/limits.ts), less than a disk. */
const MOST_FILE_BYTES = 256 * 1024 * 1024;

/** Bytes. The user's own limit (ulimit -f) where it is lower: root may raise it, and must not. */
async function mostFileBytes(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  // proc(5): "Max file size  SOFT  HARD  bytes"
  const own = Number(/^Max file size\s+(\S+)/m.exec(limits)?.[1]);
  return Number.isNaN(own) ? MOST_FILE_BYTES : Math.min(own, MOST_FILE_BYTES);
}

/**
 * Root without capabilities is the owner of root's files and no more: it mounts nothing, opens no device or socket that its owner
 * bits do not give, and gets nothing back by executing a program (securebits "noroot", capabilities(7)).
 */
const ROOT = [
  '--bounding-set=-all',
  '--inh-caps=-all',
  '--securebits=+noroot,+noroot_locked',
  '--no-new-privs',
];
const USER = ['--no-new-privs'];

interface LessPrivileges {
  /** To be put in front of a command. */
  readonly words: readonly string[];
  /** For doctor and the record. */
  readonly text: string;
}

let known: Promise<LessPrivileges> | undefined;

/** What this host lets be taken away, found out by trying. */
export function lessPrivileges(): Promise<LessPrivileges> {
  known ??= findOut();
  return known;
}

async function findOut(): Promise<LessPrivileges> {
  const isRoot = process.getuid?.() === 0;
  const most = await mostFileBytes();
  const limits = ['prlimit', `--fsize=${most}`, '--core=0', '--'];
  const words = [...limits, 'setpriv', ...(isRoot ? ROOT : USER), '--'];
  const [program = '', ...args] = [...words, 'true'];
  const tried = await tryTool(program, args, { env: { LC_ALL: 'C' } });
  const files = `files of at most ${most / 1024 / 1024} MiB`;
  if (tried.exitCode === 0) {
    const who = isRoot ? 'as root without any capability' : 'as this user';
    return { words, text: `${who}, without new privileges, ${files}` };
  }
  const why = tried.stderr.trim().split('\n')[0] ?? '';
  return {
    words: limits,
    text: `${isRoot ? 'as root with all capabilities' : 'as this user'} (${why}), ${files}`,
  };
}
