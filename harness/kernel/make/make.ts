/** Runs make in a kernel tree: a fixed environment, every line kept, steps counted as they come. */
import { appendFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkConfined, confine, confinement } from '../../host/confine/confine.ts';
import { runGroup } from '../../host/process.ts';
import { makeFailure } from './make-failure.ts';
import { MACHINE_PATH, makeVariables, programsOf, type Toolchain } from './toolchain.ts';

export interface Make {
  readonly tree: string;
  readonly out: string;
  /** Held by make and all that it starts. */
  readonly lockFile: string;
  readonly logPath: string;
  readonly toolchain: Toolchain;
  readonly jobs: number;
  /** Goes on after an error with all that does not depend on it. */
  readonly keepGoing?: boolean;
  /** Called for each file made: how many there were, and which one it is. */
  readonly onStep?: (count: number, file: string) => void;
}

/** The build's date, user and host are part of the image; so are the locale and the time zone, in corners. */
const FIXED = {
  KBUILD_BUILD_TIMESTAMP: 'Thu Jan  1 00:00:00 UTC 2026',
  KBUILD_BUILD_VERSION: '1',
  KBUILD_BUILD_USER: 'tscmatrix',
  KBUILD_BUILD_HOST: 'tscmatrix',
  // Set and empty: no "+" in the release if the cache lies inside a git repository.
  LOCALVERSION: '',
  LC_ALL: 'C',
  TZ: 'UTC',
};

/** As kbuild prints what it does: "  CC      kernel/fork.o". */
const STEP = /^ {2}[A-Z][A-Z0-9_]*(?: \[M\])? {1,}(\S+)$/;

/** Makes a target. Returns the number of steps that it took; throws BuildError or HostFault with the log's end. */
export async function makeTarget(
  make: Make,
  target: string,
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const { tree, out, toolchain, jobs, keepGoing } = make;
  const args = [
    '-C',
    tree,
    `O=${out}`,
    `-j${jobs}`,
    ...(keepGoing ? ['-k'] : []),
    ...makeVariables(toolchain),
    target,
  ];
  await appendFile(make.logPath, `$ make ${args.join(' ')}\n`);
  // Wrappers stand in front of PATH only for make: what confines it is the machine's own.
  const [program, ...words] = await confine(['env', `PATH=${toolchain.path}`, 'make', ...args], {
    root: join(dirname(out), 'root'),
    cwd: out,
    path: toolchain.path,
    programs: programsOf(toolchain.recipe),
    read: [tree],
    write: [out],
  });
  const { by } = await confinement();
  const own = by === null ? { HOME: homedir(), TMPDIR: tmpdir() } : { HOME: '/tmp', TMPDIR: '/tmp' };
  let steps = 0;
  const ended = await runGroup(program, words, {
    cwd: out,
    env: { ...FIXED, PATH: MACHINE_PATH, ...own, ...env },
    lockFile: make.lockFile,
    logPath: make.logPath,
    onLine: (line) => {
      const file = STEP.exec(line)?.[1];
      if (file === undefined) return;
      steps += 1;
      make.onStep?.(steps, file);
    },
  });
  await checkConfined('the build', ended, make.logPath);
  if (ended.exitCode !== 0) throw makeFailure(target, ended.exitCode, ended.lines, make.logPath);
  return steps;
}
