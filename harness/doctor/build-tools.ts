/** Checks of what a kernel is built with (Documentation/process/changes.rst), each by a small piece of real work. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { confinement } from '../host/confine/confine.ts';
import { privilegesText } from '../host/confine/privileges.ts';
import { makeScratch } from '../host/scratch.ts';
import type { Check, Context } from './context.ts';
import { lastLine, tryCompile } from './tools.ts';
import { type CheckResult, missing, type Needed, ok, type Topic, unusable } from './types.ts';

/** A program, what it is given to do, and what must come of it. */
export interface Work {
  readonly program: string;
  readonly packageName: string;
  readonly given: readonly [file: string, text: string];
  /** For a shell, in a folder of its own in which the file stands. */
  readonly script: string;
  readonly gives: RegExp;
  /** "for building kernels" if it does not say. */
  readonly needed?: Needed;
}

export const work = (
  program: string,
  packageName: string,
  given: Work['given'],
  script: string,
  gives: RegExp,
): Work => ({ program, packageName, given, script, gives });

const GRAMMAR =
  '%{\nint yylex(void);\nvoid yyerror(const char *text);\n%}\n%token WORD\n%%\nall: WORD ;\n%%\n';
const SCANNER = '%option noyywrap\n%%\na return 1;\n%%\n';
/** From Linux 6.13 on make 4.0 is needed; older trees take that as well. */
const MAKEFILE =
  'ifeq ($(filter output-sync,$(.FEATURES)),)\n$(error older than 4.0)\nendif\nall:;@echo made\n';
const PATCH = '--- /dev/null\n+++ b/made\n@@ -0,0 +1 @@\n+patched\n';
const BLOB_ID = /^ce013625030ba8dba906f756967f9e9ca394464a$/m;

/** There and back again. */
const compressor = (program: string, packageName: string): Work =>
  work(
    program,
    packageName,
    ['a.txt', 'unharmed\n'],
    `${program} -c < a.txt | ${program} -dc`,
    /^unharmed$/m,
  );

const WORKS: readonly Work[] = [
  work('make', 'make', ['Makefile', MAKEFILE], 'make -s', /^made$/m),
  work('flex', 'flex', ['a.l', SCANNER], 'flex -t a.l', /yylex/),
  work('bison', 'bison', ['a.y', GRAMMAR], 'bison -o a.c a.y && cat a.c', /yyparse/),
  work('bc', 'bc', ['a.bc', '2^64\nquit\n'], 'bc -q a.bc', /^18446744073709551616$/m),
  work('perl', 'perl', ['a.pl', 'print 6 * 7;\n'], 'perl a.pl', /^42$/),
  work('patch', 'patch', ['a.patch', PATCH], 'patch -s -p1 -i a.patch && cat made', /^patched$/m),
  work('git', 'git', ['a.txt', 'hello\n'], 'git hash-object --no-filters a.txt', BLOB_ID),
  compressor('lz4', 'lz4'),
  { ...compressor('zstd', 'zstd'), needed: 'for some kernel configurations' },
  compressor('xz', 'xz-utils'),
];

/** Does the work and looks at what came of it. */
async function tryWork({ run }: Context, trial: Work): Promise<CheckResult> {
  const { program, packageName, given, script, gives } = trial;
  const scratch = await makeScratch();
  try {
    await writeFile(join(scratch.path, given[0]), given[1]);
    // A shell would not tell a missing program from one that fails.
    const { stdout: version } = await run(program, ['--version']);
    const result = await run('sh', ['-c', script], { cwd: scratch.path, env: { LC_ALL: 'C' } });
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
async function tryLibrary(
  context: Context,
  { name, source, flags, packages }: Library,
): Promise<CheckResult> {
  const fault = await tryCompile(context, source, flags);
  if (fault === null) return ok(`a program with ${flags.join(' ')} was compiled and run`);
  return missing(`no program can be made with ${name}: ${fault}`, null, packages);
}

/** A row for each: of what is built with them. */
export const toolChecks = (
  topic: Topic,
  needed: Needed,
  works: readonly Work[],
  libraries: readonly Library[],
): readonly Check[] => [
  ...works.map(
    (each): Check => ({
      topic,
      name: each.program,
      needed: each.needed ?? needed,
      packages: [each.packageName],
      find: (context) => tryWork(context, each),
    }),
  ),
  ...libraries.map(
    (library): Check => ({
      topic,
      name: library.name,
      needed: library.needed ?? needed,
      packages: ['gcc', 'libc6-dev'],
      find: (context) => tryLibrary(context, library),
    }),
  ),
];

export const BUILD_CHECKS = toolChecks('kernel builds', 'for building kernels', WORKS, LIBRARIES);

/** Checks of how far this host can confine what is somebody else's. */
async function findBuilds(): Promise<CheckResult> {
  const { by, reason } = await confinement();
  if (by === 'bubblewrap') return ok('bubblewrap: no network, no home, only the build folder is writable');
  if (by === 'namespaces')
    return ok('namespaces by unshare: no network, no home, only the build folder is writable');
  return unusable(`a build can do all that this user can: ${reason}`, null, ['bubblewrap']);
}

async function findQemu({ qemu }: Context): Promise<CheckResult> {
  return ok(`guests run ${await privilegesText(qemu)}, and QEMU's own sandbox is on`);
}

export const CONFINEMENT_CHECKS: readonly Check[] = [
  { topic: 'QEMU', name: 'confined QEMU', needed: 'always', find: findQemu },
  { topic: 'kernel builds', name: 'confined builds', needed: 'for building kernels', find: findBuilds },
];
