/** What compiles QEMU: which programs and libraries are missing here, and their identity, which is part of the key. */
import { createHash } from 'node:crypto';
import { HostFault } from '../../base/errors.ts';
import { sha256OfFile } from '../../host/digest.ts';
import { runTool, tryTool } from '../../host/process.ts';

/** A library that is linked statically, so that the program needs nothing of the host but the C library. */
interface StaticLibrary {
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

export interface Toolchain {
  /** All that decides what becomes of the same source. */
  readonly identity: string;
  /** For people: gcc's first line. */
  readonly compiler: string;
  readonly libraries: readonly StaticLibrary[];
  /** pkg-config's libdir of GLib, whose configuration header lies there. */
  readonly glibFolder: string;
}

/** Static libraries, and the packages that bring them with their headers. */
const LIBRARIES = [
  ['glib-2.0', 'libglib2.0-dev'],
  ['pcre2-8', 'libpcre2-dev'],
  ['z', 'zlib1g-dev'],
  ['fdt', 'libfdt-dev'],
  ['seccomp', 'libseccomp-dev'],
] as const;

/** Debian's, which its python3-venv belongs to; another one may come first in PATH. */
export const PYTHON = '/usr/bin/python3';

/** A program, how it is asked for its version, and which package brings it. */
const PROGRAMS = [
  ['gcc', ['-v'], 'gcc'],
  ['ld', ['--version'], 'binutils'],
  ['strip', ['--version'], 'binutils'],
  ['ninja', ['--version'], 'ninja-build'],
  ['pkg-config', ['--version'], 'pkg-config'],
  [PYTHON, ['-c', 'import ensurepip, sys, venv; print(sys.version_info >= (3, 9))'], 'python3-venv'],
  ['patch', ['--version'], 'patch'],
  ['xz', ['--version'], 'xz-utils'],
] as const;

/** Throws HostFault with what to install, all of it at once. */
export async function findToolchain(): Promise<Toolchain> {
  const missing: { what: string; packageName: string }[] = [];
  const versions: Record<string, string> = {};
  for (const [program, args, packageName] of PROGRAMS) {
    const text = await askVersion(program, args);
    if (text === undefined) missing.push({ what: program, packageName });
    else versions[program] = text;
  }
  const libraries: StaticLibrary[] = [];
  for (const [name, packageName] of versions.gcc === undefined ? [] : LIBRARIES) {
    const file = `lib${name}.a`;
    // gcc answers with the bare name if it does not find the file.
    const path = (await ask('gcc', [`-print-file-name=${file}`])).stdout.trim();
    if (path === file) missing.push({ what: file, packageName });
    else libraries.push({ name, path, sha256: await sha256OfFile(path) });
  }
  if (missing.length > 0) throw missingTools(missing);
  const glib = await ask('pkg-config', ['--variable=libdir', 'glib-2.0']);
  const libc = await ask('ldd', ['--version']);
  const facts = {
    gcc: versions.gcc,
    ld: versions.ld,
    libc: libc.stdout,
    libraries: libraries.map(({ name, sha256 }) => [name, sha256]),
  };
  return {
    identity: createHash('sha256').update(JSON.stringify(facts)).digest('hex'),
    compiler: versions.gcc?.trim().split('\n').at(-1) ?? 'gcc',
    libraries,
    glibFolder: glib.stdout.trim(),
  };
}

function missingTools(missing: readonly { what: string; packageName: string }[]): HostFault {
  const names = missing.map(({ what }) => what).join(', ');
  const packages = [...new Set(missing.map(({ packageName }) => packageName))].sort().join(' ');
  return new HostFault(
    'tool-missing',
    `the pinned QEMU cannot be built here: ${names} ${missing.length === 1 ? 'is' : 'are'} not installed`,
    `apt-get install --no-install-recommends ${packages}`,
  );
}

/** What a program says of itself; undefined if it is not there or fails. */
async function askVersion(program: string, args: readonly string[]): Promise<string | undefined> {
  const result = await ask(program, args).catch((error: unknown) => {
    if (error instanceof HostFault && error.code === 'tool-missing') return undefined;
    throw error;
  });
  if (result === undefined || result.exitCode !== 0 || result.stdout.trim() === 'False') return undefined;
  return `${result.stdout}${result.stderr}`;
}

function ask(program: string, args: readonly string[]) {
  return tryTool(program, args, { env: { LC_ALL: 'C' } });
}

/** Absolute paths, the loader's too; in the order in which the loader names them. Empty for a static program. */
export async function sharedLibraries(program: string): Promise<string[]> {
  const { stdout } = await runTool('ldd', [program], {
    env: { LC_ALL: 'C' },
    hint: 'apt-get install libc-bin',
  });
  return parseLdd(stdout, program);
}

/** Reads what ldd(1) prints: "libm.so.6 => /lib/... (0x...)", "/lib64/ld-linux-x86-64.so.2 (0x...)", "statically linked". */
export function parseLdd(text: string, program: string): string[] {
  const paths: string[] = [];
  for (const line of text.split('\n')) {
    const lost = /^\s+(\S+) => not found/.exec(line)?.[1];
    if (lost !== undefined)
      throw new HostFault('library-missing', `${program} needs ${lost}, which is not installed`);
    const path = /^\s+(?:\S+ => )?(\/\S+) \(0x[0-9a-f]+\)$/.exec(line)?.[1];
    if (path !== undefined && !paths.includes(path)) paths.push(path);
  }
  return paths;
}
