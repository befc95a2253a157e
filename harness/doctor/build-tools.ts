/** Checks of what a kernel is built with (Documentation/process/changes.rst), each by a small piece of real work. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { confinement } from '../host/confine/confine.ts';
import { lessPrivileges } from '../host/confine/privileges.ts';
import { makeScratch } from '../host/scratch.ts';
import type { Check, Context } from './context.ts';
import { lastLine, tryCompile } from './tools.ts';
import { type CheckResult, missing, type Needed, ok, unusable } from './types.ts';

/** A program, what it is given to do, and what must come of it. */
export interface Work {
  readonly program: string;
  readonly packageName: string;
  readonly file: string;
  readonly text: string;
  /** For a shell, in a folder of its own in which `file` stands. */
  readonly script: string;
  readonly gives: RegExp;
  /** "for building kernels" if it does not say. */
  readonly needed?: Needed;
}

const GRAMMAR =
  '%{\nint yylex(void);\nvoid yyerror(const char *text);\n%}\n%token WORD\n%%\nall: WORD ;\n%%\n';
/** From Linux 6.13 on make 4.0 is needed; older trees take that as well. */
const MAKEFILE =
  'ifeq ($(filter output-sync,$(.FEATURES)),)\n$(error older than 4.0)\nendif\nall:;@echo made\n';

/** There and back again. */
function compressor(program: string, packageName: string): Work {
  const script = `${program} -c < a.txt | ${program} -dc`;
  return { program, packageName, file: 'a.txt', text: 'unharmed\n', script, gives: /^unharmed$/m };
}

const WORKS: readonly Work[] = [
  {
    program: 'make',
    packageName: 'make',
    file: 'Makefile',
    text: MAKEFILE,
    script: 'make -s',
    gives: /^made$/m,
  },
  {
    program: 'flex',
    packageName: 'flex',
    file: 'a.l',
    text: '%option noyywrap\n%%\na return 1;\n%%\n',
    script: 'flex -t a.l',
    gives: /yylex/,
  },
  {
    program: 'bison',
    packageName: 'bison',
    file: 'a.y',
    text: GRAMMAR,
    script: 'bison -o a.c a.y && cat a.c',
    gives: /yyparse/,
  },
  {
    program: 'bc',
    packageName: 'bc',
    file: 'a.bc',
    text: '2^64\nquit\n',
    script: 'bc -q a.bc',
    gives: /^18446744073709551616$/m,
  },
  {
    program: 'perl',
    packageName: 'perl',
    file: 'a.pl',
    text: 'print 6 * 7;\n',
    script: 'perl a.pl',
    gives: /^42$/,
  },
  {
    program: 'patch',
    packageName: 'patch',
    file: 'a.patch',
    text: '--- /dev/null\n+++ b/made\n@@ -0,0 +1 @@\n+patched\n',
    script: 'patch -s -p1 -i a.patch && cat made',
    gives: /^patched$/m,
  },
  {
    program: 'git',
    packageName: 'git',
    file: 'a.txt',
    text: 'hello\n',
    script: 'git hash-object --no-filters a.txt',
    gives: /^ce013625030ba8dba906f756967f9e9ca394464a$/m,
  },
  compressor('lz4', 'lz4'),
  { ...compressor('zstd', 'zstd'), needed: 'for some kernel configurations' },
  compressor('xz', 'xz-utils'),
];

/** Does the work and looks at what came of it. */
export async function tryWork({ run }: Context, work: Work): Promise<CheckResult> {
  const { program, packageName, gives } = work;
  const scratch = await makeScratch();
  try {
    await writeFile(join(scratch.path, work.file), work.text);
    // A shell would not tell a missing program from one that fails.
    const { stdout: version } = await run(program, ['--version']);
    const result = await run('sh', ['-c', work.script], { cwd: scratch.path, env: { LC_ALL: 'C' } });
    if (result.exitCode === 0 && gives.test(result.stdout)) {
      return ok(`a small piece of work was done by ${version.trim().split('\n')[0]?.trim() || program}`);
    }
    const words = lastLine(result.stderr || result.stdout).slice(0, 200);
    return unusable(`${program} ended with ${result.exitCode}: ${words}`, null, [packageName]);
  } finally {
    await scratch.remove();
  }
}

export interface Library {
  readonly needed?: Needed;
  readonly name: string;
  readonly packages: readonly string[];
  readonly source: string;
  readonly flags: readonly string[];
}

const LIBRARIES: readonly Library[] = [
  {
    name: 'libelf',
    packages: ['libelf-dev'],
    source: '#include <gelf.h>\nint main(void) { return elf_version(EV_CURRENT) == EV_NONE; }\n',
    flags: ['-lelf'],
  },
  {
    name: 'OpenSSL',
    // Only for signed modules and trusted keys, which images/kernels/guest.config leaves out.
    needed: 'for some kernel configurations',
    packages: ['libssl-dev'],
    source:
      '#include <openssl/evp.h>\nint main(void) { EVP_MD_CTX *c = EVP_MD_CTX_new(); EVP_MD_CTX_free(c); return c == 0; }\n',
    flags: ['-lcrypto'],
  },
];

/** Compiles, links and runs a program with the library. */
export async function tryLibrary(
  context: Context,
  { name, source, flags, packages }: Library,
): Promise<CheckResult> {
  const fault = await tryCompile(context, source, flags);
  if (fault === null) return ok(`a program with ${flags.join(' ')} was compiled and run`);
  return missing(`no program can be made with ${name}: ${fault}`, null, packages);
}

const topic = 'kernel builds';
const BUILDS: Needed = 'for building kernels';

export const BUILD_CHECKS: readonly Check[] = [
  ...WORKS.map(
    (work): Check => ({
      topic,
      name: work.program,
      needed: work.needed ?? BUILDS,
      packages: [work.packageName],
      find: (context) => tryWork(context, work),
    }),
  ),
  ...LIBRARIES.map(
    (library): Check => ({
      topic,
      name: library.name,
      needed: library.needed ?? BUILDS,
      packages: ['gcc', 'libc6-dev'],
      find: (context) => tryLibrary(context, library),
    }),
  ),
];

/** Checks of how far this host can confine what is somebody else's. */
async function findBuilds(): Promise<CheckResult> {
  const { by, reason } = await confinement();
  if (by === 'bubblewrap') return ok('bubblewrap: no network, no home, only the build folder is writable');
  if (by === 'namespaces')
    return ok('namespaces by unshare: no network, no home, only the build folder is writable');
  return unusable(`a build can do all that this user can: ${reason}`, null, ['bubblewrap']);
}

async function findQemu(): Promise<CheckResult> {
  return ok(`guests run ${(await lessPrivileges()).text}, and QEMU's own sandbox is on`);
}

export const CONFINEMENT_CHECKS: readonly Check[] = [
  { topic: 'QEMU', name: 'confined QEMU', needed: 'always', find: findQemu },
  { topic: 'kernel builds', name: 'confined builds', needed: 'for building kernels', find: findBuilds },
];
