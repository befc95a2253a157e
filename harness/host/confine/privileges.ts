/** Takes from QEMU what it does not need: root's id, capabilities, new privileges, large files, core dumps. */
import { chown, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tryTool } from '../process.ts';
import { findProgram } from '../program.ts';
import { makeScratch } from '../scratch.ts';

/**
 * The user and group that root's QEMU runs as. Nobody has this id: Debian's policy (9.2.2) and systemd's table of ids leave
 * it unused. It is not "nobody", whom other daemons run as.
 */
const QEMU_ID = 65521;

/** More than any console that is let grow (guest/watch/limits.ts), less than a disk. */
export const MOST_FILE_BYTES = 256 * 1024 * 1024;

/** Bytes. The user's own limit (ulimit -f) where it is lower: root may raise it, and must not. */
async function mostFileBytes(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  // proc(5): "Max file size  SOFT  HARD  bytes"
  const own = Number(/^Max file size\s+(\S+)/m.exec(limits)?.[1]);
  return Number.isNaN(own) ? MOST_FILE_BYTES : Math.min(own, MOST_FILE_BYTES);
}

/** Nothing comes back by executing a program either (securebits "noroot", capabilities(7)). */
const NO_CAPABILITY = [
  '--bounding-set=-all',
  '--inh-caps=-all',
  '--securebits=+noroot,+noroot_locked',
  '--no-new-privs',
];
/** The kernel forgets the signal of host/process.ts where a process changes its user (prctl(2), PR_SET_PDEATHSIG). */
const OTHER_USER = [`--reuid=${QEMU_ID}`, `--regid=${QEMU_ID}`, '--pdeathsig=KILL', ...NO_CAPABILITY];

interface Needs {
  /** What must be reached, with files of its own beside it that nobody tells us; null where we know all files. */
  readonly program: string | null;
  readonly kvm: boolean;
}

interface LessPrivileges {
  /** To be put in front of a command. */
  readonly words: readonly string[];
  /** The user (and group) that it then runs as; null: who we are. */
  readonly id: number | null;
  /** For doctor and the record. */
  readonly text: string;
}

/** What this host lets be taken away. */
interface Offer {
  readonly limits: readonly string[];
  readonly fileBytes: number;
  readonly own: readonly string[];
  /** Who runs it, in words, with `own`. */
  readonly ownText: string;
  readonly canChangeUser: boolean;
}

let known: Promise<Offer> | undefined;

function findOnce(): Promise<Offer> {
  known ??= findOut();
  return known;
}

/** What can be taken from a program that needs this, found out by trying. */
export async function lessPrivileges(needs: Needs): Promise<LessPrivileges> {
  const { limits, own, ownText, canChangeUser } = await findOnce();
  const groups = canChangeUser && needs.kvm ? await groupsOfKvm() : ['--clear-groups'];
  const unreached = canChangeUser && needs.program !== null && !(await isProgramOpen(needs.program));
  if (canChangeUser && !unreached && groups !== null) {
    const words = [...limits, 'setpriv', ...OTHER_USER, ...groups, '--'];
    return { words, id: QEMU_ID, text: `as user ${QEMU_ID}, without any capability and new privileges` };
  }
  const why = unreached
    ? `: no other user can reach ${needs.program}`
    : groups === null
      ? ': nobody else may open /dev/kvm'
      : '';
  return { words: own, id: null, text: `${ownText}${why}` };
}

/** For doctor and the record: how far QEMU is confined that is started by this name. */
export async function privilegesText(program: string | null): Promise<string> {
  const { text } = await lessPrivileges({ program, kvm: false });
  const { text: kvm } = await lessPrivileges({ program, kvm: true });
  const files = `files of at most ${(await findOnce()).fileBytes / 1024 / 1024} MiB`;
  return `${text}${kvm === text ? '' : `; with host KVM ${kvm}`}; ${files}`;
}

async function findOut(): Promise<Offer> {
  const fileBytes = await mostFileBytes();
  const limits = ['prlimit', `--fsize=${fileBytes}`, '--core=0', '--'];
  const isRoot = process.getuid?.() === 0;
  const less = [...limits, 'setpriv', ...(isRoot ? NO_CAPABILITY : ['--no-new-privs']), '--'];
  const fault = await faultOf(less, null);
  const other = isRoot
    ? await faultOf([...limits, 'setpriv', ...OTHER_USER, '--clear-groups', '--'], QEMU_ID)
    : null;
  const who = isRoot ? 'as root' : 'as this user';
  const without = `without ${isRoot ? 'any capability and ' : ''}new privileges`;
  return {
    limits,
    fileBytes,
    own: fault === null ? less : limits,
    ownText: `${who}, ${fault === null ? without : `with all that it may (${fault})`}${other === null ? '' : ` (not as another user: ${other})`}`,
    canChangeUser: isRoot && other === null,
  };
}

/** Null where it works: a program is who it shall be, without capabilities, and can write in a folder that it is given. */
async function faultOf(words: readonly string[], id: number | null): Promise<string | null> {
  const scratch = await makeScratch();
  try {
    const folder = join(scratch.path, 'given');
    await mkdir(folder);
    if (id !== null) {
      const refused = await chown(folder, id, id).catch((error: Error) => error.message);
      if (refused !== undefined) return refused;
    }
    const [program = '', ...args] = [
      ...words,
      'sh',
      '-c',
      ': >made && grep -E "^(Uid|CapEff)" /proc/self/status',
    ];
    const tried = await tryTool(program, args, { cwd: folder, env: { LC_ALL: 'C' } });
    if (tried.exitCode !== 0) return tried.stderr.trim().split('\n')[0] || `exit code ${tried.exitCode}`;
    const isOther =
      new RegExp(`^Uid:\\s+${id}\\s`, 'm').test(tried.stdout) && /^CapEff:\s+0+$/m.test(tried.stdout);
    return id === null || isOther ? null : 'setpriv did not change it';
  } finally {
    await scratch.remove();
  }
}

/** What setpriv takes for one who shall open /dev/kvm; null where only its owner may. */
async function groupsOfKvm(): Promise<string[] | null> {
  const found = await stat('/dev/kvm').catch(() => null);
  if (found === null || (found.mode & 0o006) === 0o006) return ['--clear-groups'];
  return (found.mode & 0o060) === 0o060 ? [`--groups=${found.gid}`] : null;
}

async function isProgramOpen(program: string): Promise<boolean> {
  const path = await findProgram(program).catch(() => null);
  return path === null || isOpenToAll(path);
}

/**
 * Whether all users can read this file or folder, and execute it if its owner can, by the modes of it and of all folders on the
 * way. Rejects where it is not there; a link is to be followed before.
 */
export async function isOpenToAll(path: string): Promise<boolean> {
  if (!(await isReadableByAll(path))) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** The same of its own mode alone. */
export async function isReadableByAll(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  const asked = (mode & 0o100) === 0 ? 0o004 : 0o005;
  return (mode & asked) === asked;
}
