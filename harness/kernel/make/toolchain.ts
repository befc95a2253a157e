/** Which programs compile a kernel: their identity, which is part of the key, and the wrappers before them. */
import { chmod, mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault } from '../../base/errors.ts';
import { shellQuote } from '../../base/shell.ts';
import { type Cache, withTemporary } from '../../host/cache.ts';
import { confine } from '../../host/confine/confine.ts';
import { sha256OfParts } from '../../host/digest.ts';
import { tryTool } from '../../host/process.ts';
import { makeScratch } from '../../host/scratch.ts';
import type { ToolchainRecipe } from '../../matrix/types.ts';
import { type InputFile, readInput } from './input-file.ts';

export interface Toolchain {
  readonly recipe: ToolchainRecipe;
  /** PATH of every program of the build: the wrappers, then the machine's. */
  readonly path: string;
  /** All that decides what the programs make of the same source. */
  readonly identity: string;
  readonly compiler: string;
  readonly linker: string;
}

/** The Debian package that has a program, if it is not called the same. */
const PACKAGES: Readonly<Record<string, string>> = { ld: 'binutils', as: 'binutils' };
/** What a build of any kernel runs beside compiler and linker. */
const NEEDED = ['make', 'flex', 'bison', 'bc', 'patch', 'as'];
export const MACHINE_PATH = process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin';
const LD_WRAPPER = 'tscmatrix-ld';

/** Compilers and linkers by the names that distributions give them: asking one for its version runs nothing of a matrix. */
const KNOWN = /^(?:gcc|clang|ld|ld\.bfd|ld\.lld)(?:-\d+)?$/;
/** Words that choose a language or silence a warning; others, such as -fplugin=, name files. */
const HARMLESS = /^-(?:std=[\w+]+|fcommon|fno-[\w-]+|fcf-protection=none|Wno-[\w-]+|m(?:32|64))$/;

/** Whether all programs that a recipe names are compilers and linkers of this machine, called by plain names. */
export function isKnownToolchain({ cc, hostcc, ld, wrappers }: ToolchainRecipe): boolean {
  return (
    Object.keys(wrappers).length === 0 &&
    [cc, hostcc, ld].every(([program = 'gcc', ...words]) => {
      return KNOWN.test(program) && words.every((word) => HARMLESS.test(word));
    })
  );
}

/** Programs that it names, for what a confined build sees. */
export function programsOf({ cc, hostcc, ld }: ToolchainRecipe): string[] {
  return [cc, hostcc, ld].flatMap(([program]) => program ?? []);
}

/** Throws HostFault with one line to type if programs are missing. */
export async function findToolchain(cache: Cache, recipe: ToolchainRecipe): Promise<Toolchain> {
  if (/[\s:]/.test(cache.root)) {
    // The kernel's Makefile: "source directory cannot contain spaces or colons".
    throw new HostFault(
      'cache-unusable',
      `kernels cannot be built in ${cache.root}: kbuild allows no blanks and colons`,
      'name another folder in TSCMATRIX_CACHE',
    );
  }
  const wrappers = await readWrappers(recipe);
  const path = wrappers.length > 0 ? `${await wrapperFolder(cache, wrappers)}:${MACHINE_PATH}` : MACHINE_PATH;
  await requirePrograms(recipe, path);
  const version = (words: readonly string[]) => versionOf(words, path, isKnownToolchain(recipe));
  const [cc, hostcc, ld, as, make, lz4] = await Promise.all([
    version(recipe.cc),
    version(recipe.hostcc.length > 0 ? recipe.hostcc : ['gcc']),
    version(recipe.ld),
    version(['as']),
    version(['make']),
    version(['lz4']),
  ]);
  const { extraFiles: _, wrappers: __, fixups: ___, ...rest } = recipe;
  const identity = JSON.stringify({
    versions: { cc, hostcc, ld, as, make, lz4 },
    wrappers: wrappers.map(({ name, sha256 }) => [name, sha256]),
    recipe: { ...rest, make: Object.entries(rest.make).sort() },
  });
  return { recipe, path, identity, compiler: firstLine(cc), linker: firstLine(ld) };
}

async function readWrappers(recipe: ToolchainRecipe): Promise<InputFile[]> {
  const wrappers: InputFile[] = [];
  for (const [name, path] of Object.entries(recipe.wrappers).sort()) {
    wrappers.push({ ...(await readInput('the wrapper', path)), name });
  }
  if (recipe.ldflags.length > 0) {
    const content = Buffer.from(linkerScript(recipe));
    wrappers.push({ name: LD_WRAPPER, content, sha256: sha256OfParts({ content: content.toString() }) });
  }
  return wrappers;
}

/**
 * A linker that takes further flags if it makes vmlinux. kbuild has LDFLAGS_vmlinux, but old trees set it
 * themselves, and a variable on make's command line would take what they set away.
 */
function linkerScript({ ld, ldflags }: ToolchainRecipe): string {
  const quoted = (words: readonly string[]) => words.map(shellQuote).join(' ');
  return `#!/bin/sh
out=
previous=
for word; do
	[ "$previous" = -o ] && out=$word
	previous=$word
done
case $out in
*compressed/vmlinux) ;;
vmlinux | */vmlinux | .tmp_vmlinux* | */.tmp_vmlinux*) exec ${quoted(ld)} "$@" ${quoted(ldflags)} ;;
esac
exec ${quoted(ld)} "$@"
`;
}

/** The wrappers as programs, in a folder named after their content. */
async function wrapperFolder(cache: Cache, wrappers: readonly InputFile[]): Promise<string> {
  const key = sha256OfParts(Object.fromEntries(wrappers.map(({ name, sha256 }) => [name, sha256])));
  const folder = join(cache.root, 'build', 'bin', key);
  if ((await stat(folder).catch(() => undefined)) !== undefined) return folder;
  await mkdir(join(folder, '..'), { recursive: true });
  await withTemporary(cache, async (scratch) => {
    const made = join(scratch, 'bin');
    await mkdir(made);
    for (const { name, content } of wrappers) {
      await writeFile(join(made, name), content);
      await chmod(join(made, name), 0o755);
    }
    await rename(made, folder).catch((error: NodeJS.ErrnoException) => {
      // Somebody else was quicker: theirs is the same.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  });
  return folder;
}

async function requirePrograms(recipe: ToolchainRecipe, path: string): Promise<void> {
  const programs = [recipe.cc[0], recipe.hostcc[0] ?? 'gcc', recipe.ld[0], ...NEEDED].filter(
    (name) => name !== undefined,
  );
  // The wrappers' PATH counts within the shell alone: what is started on the way is the machine's own.
  const script = 'PATH=$1; shift; for name; do command -v -- "$name" >/dev/null || echo "$name"; done';
  const result = await tryTool('/bin/sh', ['-c', script, 'sh', path, ...new Set(programs)], {
    env: { LC_ALL: 'C' },
  });
  const missing = result.stdout.split('\n').filter((name) => name !== '');
  if (missing.length === 0) return;
  const packages = missing.map((name) => PACKAGES[name] ?? name);
  const is = missing.length === 1 ? `the program ${missing[0]} is` : `the programs ${missing.join(', ')} are`;
  throw new HostFault(
    'tool-missing',
    `${is} not installed`,
    `apt-get install ${[...new Set(packages)].join(' ')}`,
  );
}

/** Every kernel of a matrix asks for the same few programs. */
const versions = new Map<string, Promise<string>>();

function versionOf(words: readonly string[], path: string, isKnown: boolean): Promise<string> {
  const key = JSON.stringify([words, path]);
  const known = versions.get(key);
  if (known !== undefined) return known;
  const asked = askVersion(words, path, isKnown);
  versions.set(key, asked);
  asked.catch(() => versions.delete(key));
  return asked;
}

async function askVersion(words: readonly string[], path: string, isKnown: boolean): Promise<string> {
  const scratch = await makeScratch();
  try {
    const asked = ['env', `PATH=${path}`, ...words, '--version'] as const;
    const view = { root: scratch.path, cwd: '/', path, programs: words, read: [], write: [] };
    const [program, ...args] = isKnown ? asked : await confine(asked, view);
    return await runVersion(program, args);
  } finally {
    await scratch.remove();
  }
}

async function runVersion(program: string, args: readonly string[]): Promise<string> {
  const result = await tryTool(program, args, {
    env: { LC_ALL: 'C' },
  }).catch((error: unknown) => {
    if (error instanceof HostFault && error.code === 'tool-missing') return undefined;
    throw error;
  });
  return result === undefined ? 'none' : (result.stdout || result.stderr).trim();
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

/** What the toolchain adds to make's command line. */
export function makeVariables({ recipe }: Toolchain): string[] {
  const list: [string, string][] = [['CC', recipe.cc.join(' ')]];
  if (recipe.hostcc.length > 0) list.push(['HOSTCC', recipe.hostcc.join(' ')]);
  list.push(['LD', recipe.ldflags.length > 0 ? LD_WRAPPER : recipe.ld.join(' ')]);
  if (recipe.arch !== undefined) list.push(['ARCH', recipe.arch]);
  const flags = { KCFLAGS: recipe.kcflags, KAFLAGS: recipe.kaflags, HOSTCFLAGS: recipe.hostcflags };
  for (const [name, words] of Object.entries(flags)) if (words.length > 0) list.push([name, words.join(' ')]);
  return [...list, ...Object.entries(recipe.make)].map(([name, value]) => `${name}=${value}`);
}
