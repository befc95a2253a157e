/** Runs rpmbuild and rpmspec in a folder of ours: a spec's sections and %(...) are somebody's code, and confined like a build. */
import { appendFile, chmod, mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { HostFault } from '../../base/errors.ts';
import {
  checkConfined,
  confine,
  confinement,
  tellIfUnconfined,
  type Words,
} from '../../host/confine/confine.ts';
import { type GroupEnd, runGroup } from '../../host/process.ts';
import { findProgram } from '../../host/program.ts';
import { MACHINE_PATH } from '../make/toolchain.ts';

/** A folder that rpm works in, and nowhere else. */
export interface Topdir {
  /** SOURCES, SPECS, RPMS, BUILD, BUILDROOT and tmp lie in it. Absolute, and writable as a whole. */
  readonly path: string;
  /** ".el7": what its distribution's rpm would have said. */
  readonly dist: string;
  readonly jobs?: number | undefined;
}

/** Where the spec and the sources are that rpm is to take. */
export interface Inputs {
  readonly specs: string;
  readonly sources: string;
}

interface Run {
  readonly logPath: string;
  readonly onLine?: (line: string) => void;
}

/**
 * What a distribution's rpm has and another's may not: programs that a kernel.spec calls and whose work is of no matter to the
 * kernel that boots. In the place of one that is not installed stands a word in the log.
 */
const STAND_INS: Readonly<Record<string, string>> = {
  'pathfix.py': 'the #! lines of Python scripts stay as they are',
  sha512hmac: 'the digest of the kernel for FIPS is left out',
};

/** The names of those that stand in here, with what is left out. */
export async function standIns(): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const [name, left] of Object.entries(STAND_INS))
    if ((await findProgram(name).catch(() => null)) === null)
      missing.push(`${name} is not installed: ${left}`);
  return missing;
}

/** Before the user's spec is read: %dist and the families that specs ask for. */
function familyOf(dist: string): string[] {
  const [, family = '', number = ''] = /^\.(el|fc)(\d+)/.exec(dist) ?? [];
  if (family === '') return dist === '' ? [] : [`dist ${dist}`];
  return [`dist ${dist}`, family === 'el' ? `rhel ${number}` : `fedora ${number}`];
}

/** Macros that the user's own files and those of the host's distribution do not have a say in. */
function macrosOf(
  { path, dist, jobs = availableParallelism() }: Topdir,
  { specs, sources }: Inputs,
): string[] {
  return [
    `_topdir ${path}`,
    `_specdir ${specs}`,
    `_sourcedir ${sources}`,
    `_tmppath ${join(path, 'tmp')}`,
    `_dbpath ${join(path, 'tmp', 'db')}`,
    // Their scripts take sh for bash: ${name:0:8}, source, pushd, [ a == b ].
    '_buildshell /bin/bash',
    ...familyOf(dist),
    `_smp_mflags -j${jobs}`,
    `_smp_build_ncpus ${jobs}`,
    // Signing asks for keys that only the distribution has: the kernel stays as it was made.
    'pesign(i:o:a:c:n:s) cp %{-i*} %{-o*}',
    'debug_package %{nil}',
    '_build_id_links none',
    // Debian's would strip modules, compress manuals and look at every program.
    '__os_install_post %{nil}',
  ];
}

/** Makes the folders that rpm expects. */
export async function makeTopdir({ path }: Topdir): Promise<void> {
  for (const name of ['SOURCES', 'SPECS', 'RPMS', 'BUILD', 'BUILDROOT', 'tmp', 'bin'])
    await mkdir(join(path, name), { recursive: true });
  for (const [name, left] of Object.entries(STAND_INS)) {
    const file = join(path, 'bin', name);
    await writeFile(file, `#!/bin/sh\necho "${name} is not installed: ${left}" >&2\n`);
    await chmod(file, 0o755);
  }
}

/** Runs rpmbuild or rpmspec to its end, whatever that is; every line goes to the log. */
export async function runRpm(
  program: 'rpmbuild' | 'rpmspec',
  args: readonly string[],
  topdir: Topdir,
  run: Run & { readonly inputs: Inputs },
): Promise<GroupEnd> {
  await findProgram(program).catch(() => {
    throw new HostFault('tool-missing', `the program ${program} is not installed`, 'apt-get install rpm');
  });
  await tellIfUnconfined('scripts of source RPMs are');
  await appendFile(run.logPath, `$ ${program} ${args.join(' ')}\n`);
  const macros = macrosOf(topdir, run.inputs).flatMap((macro) => ['--define', macro]);
  return runInTopdir([program, ...macros, '--target', 'x86_64', ...args], topdir, run);
}

/** Runs somebody's program where it can write to the folder and nowhere else. */
export async function runInTopdir(
  [program, ...args]: Words,
  { path: top }: Topdir,
  { logPath, onLine }: Run,
): Promise<GroupEnd> {
  // Stand-ins are the last of PATH: what is installed is taken.
  const path = `${MACHINE_PATH}:${join(top, 'bin')}`;
  const [file, ...words] = await confine([program, ...args], {
    root: join(top, 'tmp', 'root'),
    cwd: top,
    path,
    programs: [],
    read: [],
    write: [top],
  });
  const { by } = await confinement();
  const ended = await runGroup(file, words, {
    cwd: top,
    env: { LC_ALL: 'C', TZ: 'UTC', PATH: path, HOME: by === null ? homedir() : '/tmp', TMPDIR: '/tmp' },
    lockFile: join(top, 'tmp', 'lock'),
    logPath,
    onLine,
  });
  await checkConfined(program, ended, logPath);
  return ended;
}
