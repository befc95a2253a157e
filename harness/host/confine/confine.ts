/**
 * Confines a program that somebody else's files decide, such as a build: no network, no process of the host, only some
 * folders writable, no home, no capability. By bubblewrap if it is installed, else by util-linux: unshare(1), mount(8) and
 * chroot in namespaces of its own. What there is, is found out by trying.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault } from '../../base/errors.ts';
import { type GroupEnd, tryTool } from '../process.ts';
import { findProgram } from '../program.ts';
import { makeScratch } from '../scratch.ts';
import { type Part, viewOf, type Wanted } from './view.ts';

type Means = 'bubblewrap' | 'namespaces';
type Confinement =
  | { readonly by: Means; readonly reason: null }
  /** `reason` is why not, for people. */
  | { readonly by: null; readonly reason: string };

interface Confined extends Wanted {
  /** An empty folder, or none yet, that the view can be put up in. Nothing of it is seen outside. */
  readonly root: string;
  readonly cwd: string;
}

export type Words = readonly [program: string, ...args: string[]];

/** Exit code of a program whose confinement could not be set up. */
const NOT_CONFINED = 123;

/**
 * $1 is the root to be, $2 the working folder. Then parts ("link PATH TARGET", "read PATH", "write PATH", in this order) to
 * "--", and the command. Mounts below a part come with it, so all are made read-only before the writable ones are added. After chroot there
 * is no capability left by which one could leave it again.
 */
const SET_UP = `
set -e
trap 'exit ${NOT_CONFINED}' EXIT
root=$1 cwd=$2 path=$PATH
PATH=$PATH:/usr/sbin:/sbin
shift 2
mount -t tmpfs -o mode=0755 tmpfs "$root"
mkdir -p "$root/dev" "$root/proc" "$root/tmp"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
for name in null zero full random urandom; do
	: > "$root/dev/$name"
	mount --bind "/dev/$name" "$root/dev/$name"
done
ln -s /proc/self/fd "$root/dev/fd"
while [ "$1" = link ]; do
	mkdir -p "$(dirname "$root$2")"
	ln -s "$3" "$root$2"
	shift 3
done
while [ "$1" = read ]; do
	if [ -d "$2" ]; then
		mkdir -p "$root$2"
	else
		mkdir -p "$(dirname "$root$2")"
		: > "$root$2"
	fi
	mount --rbind "$2" "$root$2"
	shift 2
done
while read -r _ _ _ _ point _; do
	case $point in
	"$root" | "$root"/dev/* | "$root"/proc | "$root"/tmp) continue ;;
	"$root"/*) ;;
	*) continue ;;
	esac
	case $point in *\\\\*) point=$(printf '%b' "$point") ;; esac
	mount -o remount,bind,ro "$point"
done < /proc/self/mountinfo
while [ "$1" = write ]; do
	mkdir -p "$root$2"
	mount --bind "$2" "$root$2"
	shift 2
done
shift
mount -o remount,bind,ro "$root"
exec chroot "$root" setpriv --bounding-set=-all --inh-caps=-all --securebits=+noroot,+noroot_locked --no-new-privs \\
	sh -c 'cd "$1" && PATH=$2 && shift 2 && exec "$@"' sh "$cwd" "$path" "$@"
`;

const NAMESPACES = [
  '--mount',
  '--net',
  '--ipc',
  '--pid',
  '--fork',
  '--kill-child',
  '--propagation',
  'private',
];

function byNamespaces(parts: readonly Part[], { root, cwd }: Confined, command: Words): Words {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const words = parts.flatMap((part) => [
    part.kind,
    part.path,
    ...(part.kind === 'link' ? [part.target] : []),
  ]);
  return ['unshare', ...user, ...NAMESPACES, 'sh', '-c', SET_UP, 'sh', root, cwd, ...words, '--', ...command];
}

function byBubblewrap(parts: readonly Part[], { cwd }: Confined, command: Words): Words {
  const words = parts.flatMap((part) => {
    if (part.kind === 'link') return ['--symlink', part.target, part.path];
    return [part.kind === 'read' ? '--ro-bind' : '--bind', part.path, part.path];
  });
  const own = ['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'];
  const rules = ['--unshare-all', '--die-with-parent', '--cap-drop', 'ALL'];
  return ['bwrap', ...rules, ...own, ...words, '--remount-ro', '/', '--chdir', cwd, '--', ...command];
}

/** The command that runs `command` confined by what this host has; the command itself if it has nothing. */
export async function confine(command: Words, options: Confined): Promise<Words> {
  const { by } = await confinement();
  if (by === null) return command;
  await mkdir(options.root, { recursive: true });
  const parts = await viewOf(options);
  return by === 'bubblewrap' ? byBubblewrap(parts, options, command) : byNamespaces(parts, options, command);
}

/** Throws HostFault if a program ended because it could not be confined. `what` it was, as in "the build". */
export async function checkConfined(
  what: string,
  { exitCode, lines }: GroupEnd,
  logPath: string,
): Promise<void> {
  const { by } = await confinement();
  if (exitCode !== NOT_CONFINED || by === null) return;
  throw new HostFault(
    'confinement-failed',
    `${what} could not be confined by ${by}: ${lines.at(-1) ?? ''}; the log is ${logPath}`,
    'with --no-confinement it runs as you do',
  );
}

let known: Promise<Confinement> | undefined;

/** The user's word, for all of this process: --no-confinement. */
export function confineNothing(): void {
  known = Promise.resolve({ by: null, reason: 'as asked for by --no-confinement' });
}

/** How this host can confine a program. */
export function confinement(): Promise<Confinement> {
  known ??= findOut();
  return known;
}

async function findOut(): Promise<Confinement> {
  const faults: string[] = [];
  for (const [means, program] of [
    ['bubblewrap', 'bwrap'],
    ['namespaces', 'unshare'],
  ] as const) {
    const there = await findProgram(program).catch(() => null);
    const fault = there === null ? `${program} is not installed` : await tryMeans(means);
    if (fault === null) return { by: means, reason: null };
    faults.push(fault);
  }
  return { by: null, reason: faults.join('; ') };
}

/** Null if it works: a confined program can do nothing that it must not, and what it must. */
async function tryMeans(means: Means): Promise<string | null> {
  const scratch = await makeScratch();
  try {
    const [outside, inside] = [join(scratch.path, 'outside'), join(scratch.path, 'inside')];
    for (const folder of [outside, inside, join(scratch.path, 'root')]) await mkdir(folder);
    const options: Confined = {
      root: join(scratch.path, 'root'),
      cwd: inside,
      path: '',
      programs: [],
      read: [],
      write: [inside],
    };
    const test = `touch ${inside}/made && [ ! -e ${outside} ] && ! touch /usr/tscmatrix-trial 2>/dev/null`;
    const parts = await viewOf(options);
    const make = means === 'bubblewrap' ? byBubblewrap : byNamespaces;
    const [program, ...args] = make(parts, options, ['sh', '-c', test]);
    const result = await tryTool(program, args, { timeoutMs: 20_000, env: { LC_ALL: 'C' } });
    if (result.exitCode === 0) return null;
    const why = result.stderr.trim().split('\n').at(-1) || `exit code ${result.exitCode}`;
    return `${program} does not work here (${why})`;
  } catch (error) {
    if (error instanceof HostFault) return error.message;
    throw error;
  } finally {
    await scratch.remove();
  }
}

let reported = false;

/** Says once on stderr if what is somebody else's runs unconfined although nobody asked for that. */
export async function tellIfUnconfined(what: string): Promise<void> {
  const { by, reason } = await confinement();
  if (by !== null || reported) return;
  reported = true;
  process.stderr.write(`tscmatrix: ${what} not confined on this host: ${reason}\n`);
}

/** For records: by what, or why not. */
export async function confinementText(): Promise<string> {
  const { by, reason } = await confinement();
  return by ?? `none: ${reason}`;
}
