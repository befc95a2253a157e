/** Checks of the programs that the guests' own parts are made and watched with. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault } from '../base/errors.ts';
import { withLock } from '../host/lock.ts';
import { findProgram } from '../host/program.ts';
import { makeScratch } from '../host/scratch.ts';
import { busyboxEntry } from '../image/probe-image.ts';
import type { Check, Context } from './context.ts';
import { type CheckResult, missing, ok, unusable } from './types.ts';

/** The end of what a program said, on one line. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() || 'it said nothing';
}

async function findSetpriv({ run }: Context): Promise<CheckResult> {
  const path = await findProgram('setpriv').catch(() => null);
  if (path === null) {
    return missing('there is no setpriv in PATH, without which nothing can be started', null, ['util-linux']);
  }
  // Every program is started through it (host/process.ts), this one too.
  const { exitCode, stderr } = await run('true', []);
  return exitCode === 0
    ? ok(`${path} ties a program's life to ours`)
    : unusable(`${path} does not know --pdeathsig: ${lastLine(stderr)}`, null, ['util-linux']);
}

async function findFlock(): Promise<CheckResult> {
  const path = await findProgram('flock').catch(() => null);
  if (path === null) return missing('there is no flock in PATH', null, ['util-linux']);
  const scratch = await makeScratch();
  try {
    await withLock(scratch.path, 'trial', { purpose: 'a trial' }, async () => undefined);
    return ok(`${path} took and released a lock`);
  } finally {
    await scratch.remove();
  }
}

async function findBusybox(): Promise<CheckResult> {
  try {
    const entry = await busyboxEntry();
    const size = entry.kind === 'file' ? `, ${Math.round(entry.bytes.length / 1024)} KiB` : '';
    return ok(`a static busybox${size}`);
  } catch (error) {
    if (!(error instanceof HostFault)) throw error;
    return missing(error.message, null, ['busybox-static']);
  }
}

/** Compiles, links and runs a program. Gives null if that went well, else what went wrong. */
export async function tryCompile(
  { run }: Context,
  source: string,
  flags: readonly string[],
): Promise<string | null> {
  const scratch = await makeScratch();
  try {
    await writeFile(join(scratch.path, 'trial.c'), source);
    const built = await run('gcc', ['trial.c', '-o', 'trial', ...flags], {
      cwd: scratch.path,
      env: { LC_ALL: 'C' },
    });
    if (built.exitCode !== 0) {
      const error = built.stderr.split('\n').find((line) => /error|cannot find/.test(line));
      return error?.trim() ?? lastLine(built.stderr);
    }
    const ran = await run(join(scratch.path, 'trial'), []);
    return ran.exitCode === 0 ? null : `the program that it made ended with ${ran.exitCode}`;
  } finally {
    await scratch.remove();
  }
}

const HELLO = '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n';

async function findCompiler(context: Context): Promise<CheckResult> {
  const fault = await tryCompile(context, HELLO, []);
  if (fault !== null) return unusable(`gcc does not make a program: ${fault}`, null, ['gcc', 'libc6-dev']);
  const { stdout } = await context.run('gcc', ['--version'], { env: { LC_ALL: 'C' } });
  return ok(`${stdout.split('\n')[0]}: a program was compiled and run`);
}

async function findStaticLibc(context: Context): Promise<CheckResult> {
  const fault = await tryCompile(context, HELLO, ['-static']);
  if (fault !== null) return missing(`no static program can be made: ${fault}`, null, ['libc6-dev']);
  return ok('libc.a: a static program was compiled and run');
}

/** In the places of kernel/apt.ts: signatures of Debian's archive are checked with these keys alone. */
async function findArchiveKeys(): Promise<CheckResult> {
  const folder = '/usr/share/keyrings';
  const names = await readdir(folder).catch(() => []);
  const found = names.find((name) => /^debian-archive-keyring\.(gpg|pgp)$/.test(name));
  if (found !== undefined) return ok(join(folder, found));
  return missing(`no keys of Debian's archive in ${folder}`, null, ['debian-archive-keyring']);
}

function version(program: string, option: string) {
  return async ({ run }: Context): Promise<CheckResult> => {
    const { exitCode, stdout, stderr } = await run(program, [option], { env: { LC_ALL: 'C' } });
    const [first] = stdout.split('\n');
    return exitCode === 0
      ? ok(first || program)
      : unusable(`${program} ended with ${exitCode}: ${lastLine(stderr)}`, null);
  };
}

const topic = 'tools';
const needed = 'always';

/** The first of all: nothing can be started without it, and it starts itself. */
export const SETPRIV: Check = { topic, name: 'setpriv', needed, runsNothing: true, find: findSetpriv };

export const TOOL_CHECKS: readonly Check[] = [
  { topic, name: 'flock', needed, find: findFlock },
  { topic, name: 'busybox', needed, runsNothing: true, find: findBusybox },
  { topic, name: 'C compiler', needed, packages: ['gcc', 'libc6-dev'], find: findCompiler },
  { topic, name: 'static C library', needed, packages: ['gcc', 'libc6-dev'], find: findStaticLibc },
  {
    topic,
    name: 'dpkg-deb',
    needed: 'for kernels of Debian',
    packages: ['dpkg'],
    find: version('dpkg-deb', '--version'),
  },
  {
    topic,
    name: 'apt-get',
    needed: 'for kernels of Debian',
    packages: ['apt'],
    find: version('apt-get', '--version'),
  },
  {
    topic,
    name: 'archive keys',
    needed: 'for kernels of Debian',
    runsNothing: true,
    find: findArchiveKeys,
  },
  {
    topic,
    name: 'bsdtar',
    needed: 'for kernels in rpm files',
    packages: ['libarchive-tools'],
    find: version('bsdtar', '--version'),
  },
];
