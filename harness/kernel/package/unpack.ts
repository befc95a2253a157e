/** Runs the commands that take packages apart. */
import { readFile, stat } from 'node:fs/promises';
import { HostFault, UserError } from '../../base/errors.ts';
import { tryTool } from '../../host/process.ts';

/** How one kind of package is read. Both functions get paths, never shell text. */
export interface PackageReader {
  list(path: string): Promise<string[]>;
  /** Writes one member's bytes to `target`; a link has none. */
  extract(path: string, member: string, target: string): Promise<void>;
}

/** The kernel in a package, or undefined if it has none. */
export async function lookForKernel(
  reader: PackageReader,
  path: string,
  target: string,
): Promise<KernelMember | undefined> {
  const found = findKernelMembers(await reader.list(path), path);
  for (const candidate of found) {
    await reader.extract(path, candidate.member, target);
    if ((await stat(target)).size > 0) return candidate;
  }
  if (found.length > 0) {
    throw new UserError(
      `${path}: ${found.map((each) => each.member).join(', ')} is a link or empty, not a kernel`,
    );
  }
  return undefined;
}

/** The kernel in a package, which has to be there. */
export async function extractKernel(
  reader: PackageReader,
  path: string,
  target: string,
): Promise<KernelMember> {
  const found = await lookForKernel(reader, path, target);
  if (found === undefined) throw noKernelIn(path, (await reader.list(path)).length);
  return found;
}

/** The text of the first member whose name matches; undefined if there is none. `target`: a file to write it to. */
export async function readMember(
  reader: PackageReader,
  path: string,
  name: RegExp,
  target: string,
): Promise<{ readonly member: string; readonly text: string } | undefined> {
  const member = (await reader.list(path)).find((each) => name.test(each));
  if (member === undefined) return undefined;
  await reader.extract(path, member, target);
  return { member, text: await readFile(target, 'utf8') };
}

/** No file of a package that we take is larger: a kernel has some 10 MB, an archive of its source 150 MB. */
const MOST_BYTES = 512 * 1024 ** 2;
const SIGXFSZ = 25;

/**
 * Runs a pipeline in bash, each part failing the whole. The parts of a pipeline are bash's children, so each
 * asks for itself to die with its parent (see host/process.ts). `args` are $1, $2 and so on.
 */
export async function runPipeline(
  script: string,
  args: readonly string[],
  what: string,
  hint?: string,
): Promise<string> {
  const limited = [`--fsize=${MOST_BYTES}`, '--core=0', '--', 'bash'];
  const result = await tryTool('prlimit', [...limited, '-c', `set -o pipefail; ${script}`, 'bash', ...args], {
    env: { LC_ALL: 'C' },
    hint: 'apt-get install bash',
  });
  if (result.exitCode === 0) return result.stdout;
  const missing = /exec: (\S+): not found|(\S+): command not found/.exec(result.stderr);
  if (missing !== null && hint !== undefined)
    throw new HostFault('tool-missing', `the program ${missing[1] ?? missing[2]} is not installed`, hint);
  const tail = result.stderr.trim().split('\n').slice(-3).join('\n');
  // The end of it may be of a part that only heard of it.
  if (/No space left on device|Disk quota exceeded/.test(result.stderr))
    throw new HostFault('no-space', `no space left to unpack ${what}:\n${tail}`);
  if (/File size limit exceeded|File too large/.test(result.stderr) || result.exitCode === 128 + SIGXFSZ)
    throw new UserError(`${what} holds a file of more than ${MOST_BYTES / 1024 ** 2} MiB: it is refused`);
  throw new UserError(`${what} is damaged:\n${tail}`, 'copy or download it again');
}

/** Puts a command of a pipeline under the same rule as all our children. */
export const DYING = 'setpriv --pdeathsig KILL --';

/** Which files of a package are kernels. */
interface KernelMember {
  /** As the archive spells it, to ask for it. */
  readonly member: string;
  readonly release: string;
}

const PLACES = [
  // The modules folder first: if a package has both, the one under boot may be a link to it.
  /^(?:usr\/)?lib\/modules\/([\w.+~-]+)\/vmlinuz$/,
  /^boot\/vmlinuz-([\w.+~-]+)$/,
];
/** Files beside a kernel that share its name's beginning. */
const NOT_A_KERNEL = /\.(?:hmac|sig|signed|sha\d+|debug|old)$/;

/**
 * The kernels among a package's members. A package with a member that would land outside the tree is refused
 * as a whole: nobody makes one by accident.
 */
export function findKernelMembers(members: readonly string[], packagePath: string): KernelMember[] {
  const outside = members.find(leavesTree);
  if (outside !== undefined) {
    throw new UserError(
      `${packagePath} is refused: its member ${JSON.stringify(outside)} leaves the package's own tree`,
      'a package like this is broken or hostile; get it from its maker again',
    );
  }
  const found: KernelMember[] = [];
  for (const place of PLACES) {
    for (const member of members) {
      const release = place.exec(member.replace(/^(?:\.\/)+/, ''))?.[1];
      if (release !== undefined && !NOT_A_KERNEL.test(release)) found.push({ member, release });
    }
  }
  const releases = [...new Set(found.map((each) => each.release))];
  if (releases.length > 1) {
    throw new UserError(
      `${packagePath} holds more than one kernel: ${found.map((each) => each.member).join(', ')}`,
      'unpack it and give the one you mean as an image',
    );
  }
  return found;
}

function noKernelIn(packagePath: string, files: number): UserError {
  return new UserError(
    `${packagePath} holds no kernel (boot/vmlinuz-* or lib/modules/*/vmlinuz) among its ${files} members`,
    'packages that only depend on a kernel, and those of modules, headers or symbols, cannot be booted',
  );
}

function leavesTree(member: string): boolean {
  return member.startsWith('/') || member.split('/').includes('..');
}
