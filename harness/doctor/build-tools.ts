/** Checks of what a kernel is built with (Documentation/process/changes.rst), each by a small piece of real work. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeScratch } from '../host/scratch.ts';
import type { Check, Context } from './context.ts';
import { lastLine, tryCompile } from './tools.ts';
import { type Finding, missing, ok, unusable } from './types.ts';

/** A program, what it is given to do, and what must come of it. */
interface Work {
  readonly program: string;
  readonly packages: readonly string[];
  readonly file: string;
  readonly text: string;
  /** `file` stands in a folder of its own, in which this runs. */
  readonly args: readonly string[];
  readonly gives: RegExp;
}

const GRAMMAR =
  '%{\nint yylex(void);\nvoid yyerror(const char *text);\n%}\n%token WORD\n%%\nall: WORD ;\n%%\n';
/** From Linux 6.13 on make 4.0 is needed; older trees take that as well. */
const MAKEFILE =
  'ifeq ($(filter output-sync,$(.FEATURES)),)\n$(error older than 4.0)\nendif\nall:;@echo made\n';

const WORKS: readonly Work[] = [
  {
    program: 'make',
    packages: ['make'],
    file: 'Makefile',
    text: MAKEFILE,
    args: ['-s'],
    gives: /^made$/m,
  },
  {
    program: 'flex',
    packages: ['flex'],
    file: 'a.l',
    text: '%option noyywrap\n%%\na return 1;\n%%\n',
    args: ['-t', 'a.l'],
    gives: /yylex/,
  },
  {
    program: 'bison',
    packages: ['bison'],
    file: 'a.y',
    text: GRAMMAR,
    args: ['-o', '/dev/stdout', 'a.y'],
    gives: /yyparse/,
  },
  {
    program: 'bc',
    packages: ['bc'],
    file: 'a.bc',
    text: '2^64\nquit\n',
    args: ['-q', 'a.bc'],
    gives: /^18446744073709551616$/m,
  },
  {
    program: 'perl',
    packages: ['perl'],
    file: 'a.pl',
    text: 'print 6 * 7;\n',
    args: ['a.pl'],
    gives: /^42$/,
  },
  {
    program: 'patch',
    packages: ['patch'],
    file: 'a.patch',
    text: '--- /dev/null\n+++ b/made\n@@ -0,0 +1 @@\n+made\n',
    args: ['-p1', '-i', 'a.patch'],
    gives: /patching file '?made'?/,
  },
  ...compressor('lz4', 'lz4'),
  ...compressor('zstd', 'zstd'),
  ...compressor('xz', 'xz-utils'),
];

/** There and back again. */
function compressor(program: string, packageName: string): Work[] {
  const script = `${program} -c < a.txt | ${program} -dc`;
  return [
    {
      program,
      packages: [packageName],
      file: 'a.txt',
      text: 'unharmed\n',
      args: ['-c', script],
      gives: /^unharmed$/m,
    },
  ];
}

async function tryWork({ run }: Context, work: Work): Promise<Finding> {
  const scratch = await makeScratch();
  try {
    await writeFile(join(scratch.path, work.file), work.text);
    // A pipe needs a shell; asking for the version first tells a missing program from a broken one.
    const isPipe = work.args[0] === '-c';
    if (isPipe) await run(work.program, ['--version']);
    const options = { cwd: scratch.path, env: { LC_ALL: 'C' } };
    const result = await run(isPipe ? 'sh' : work.program, work.args, options);
    if (result.exitCode === 0 && work.gives.test(result.stdout))
      return ok(`${work.program} did a small piece of work`);
    const words = lastLine(result.stderr || result.stdout);
    return unusable(
      `${work.program} ended with ${result.exitCode}: ${words.slice(0, 200)}`,
      null,
      work.packages,
    );
  } finally {
    await scratch.remove();
  }
}

interface Library {
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
    packages: ['libssl-dev'],
    source:
      '#include <openssl/evp.h>\nint main(void) { EVP_MD_CTX *c = EVP_MD_CTX_new(); EVP_MD_CTX_free(c); return c == 0; }\n',
    flags: ['-lcrypto'],
  },
];

async function tryLibrary(context: Context, { name, source, flags, packages }: Library): Promise<Finding> {
  const fault = await tryCompile(context, source, flags);
  if (fault === null) return ok(`a program with ${flags.join(' ')} was compiled and run`);
  return missing(`no program can be made with ${name}: ${fault}`, null, packages);
}

const topic = 'kernel builds';
const needed = 'for building kernels';

export const BUILD_CHECKS: readonly Check[] = [
  ...WORKS.map(
    (work): Check => ({
      topic,
      name: work.program,
      needed,
      packages: work.packages,
      find: (context) => tryWork(context, work),
    }),
  ),
  ...LIBRARIES.map(
    (library): Check => ({
      topic,
      name: library.name,
      needed,
      packages: ['gcc', 'libc6-dev'],
      find: (context) => tryLibrary(context, library),
    }),
  ),
];
