/** Configures and compiles QEMU in its folder, as often as it takes: what was compiled before an interruption stays. */
import { access, appendFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostFault } from '../../base/errors.ts';
import { runGroup, runTool } from '../../host/process.ts';
import { printable } from '../../kernel/make/errors.ts';
import { firstError, hostLimit } from '../../kernel/make/make-failure.ts';
import type { Work } from '../../kernel/make/work.ts';
import { CONFIGURE_OPTIONS } from './recipe.ts';
import { PYTHON, type Toolchain } from './toolchain.ts';

export interface Build {
  readonly work: Work;
  readonly toolchain: Toolchain;
  readonly logPath: string;
  /** What the program says of itself after its version. */
  readonly about: string;
  readonly jobs: number;
  readonly onProgress: ((text: string) => void) | undefined;
}

export const PROGRAM = 'qemu-system-x86_64';
const CONFIGURED = 'tscmatrix-configured';
/** As ninja prints what it does. */
const STEP = /^\[(\d+)\/(\d+)\] /;

/** Leaves the stripped program at `target`. Throws HostFault with the first error and the log's place. */
export async function compileQemu(build: Build, target: string): Promise<void> {
  const { work, onProgress } = build;
  const marker = join(work.out, CONFIGURED);
  const configured = await access(marker).then(
    () => true,
    () => false,
  );
  if (!configured) {
    await rm(work.out, { recursive: true, force: true });
    await mkdir(work.out, { recursive: true });
    onProgress?.('configuring QEMU');
    await run(build, join('..', 'tree', 'source', 'configure'), await configureArguments(build));
    await writeFile(marker, '');
  }
  let shown = '';
  await run(build, 'ninja', [`-j${build.jobs}`, PROGRAM], (line) => {
    const [, done, all] = STEP.exec(line) ?? [];
    const percent = done === undefined ? '' : `${Math.floor((100 * Number(done)) / Number(all))} %`;
    if (percent === '' || percent === shown) return;
    shown = percent;
    onProgress?.(`compiling QEMU, ${percent} of ${all} steps`);
  });
  await runTool('strip', ['-o', target, join(work.out, PROGRAM)]);
}

async function configureArguments({ work, toolchain, about }: Build): Promise<string[]> {
  const archives = await linkArchives(work, toolchain);
  return [
    `--python=${PYTHON}`,
    // The one whose version is in the key; "cc" may be another.
    '--cc=gcc',
    '--host-cc=gcc',
    ...CONFIGURE_OPTIONS,
    `--with-pkgversion=${about}`,
    // The same bytes wherever the cache lies. QEMU's --disable-pie alone leaves the linker at gcc's own default.
    `--extra-cflags=-ffile-prefix-map=${join(work.tree, 'source')}=.`,
    `--extra-ldflags=-no-pie -Wl,--build-id=none -L${archives}`,
  ];
}

/**
 * A folder in which there are the static libraries and nothing else: whoever looks there first links those. Asking
 * the build for static libraries altogether would make a program without a dynamic loader, into which nothing can be
 * preloaded.
 */
async function linkArchives({ folder }: Work, { libraries, glibFolder }: Toolchain): Promise<string> {
  const archives = join(folder, 'lib');
  await rm(archives, { recursive: true, force: true });
  await mkdir(archives);
  for (const { name, path } of libraries) await symlink(path, join(archives, `lib${name}.a`));
  // GLib's compiler options lead to the header in here.
  await symlink(join(glibFolder, 'glib-2.0'), join(archives, 'glib-2.0'));
  const wrapper = `#!/bin/sh\nexec pkg-config --static "--define-variable=libdir=${archives}" "$@"\n`;
  await writeFile(join(folder, 'pkg-config'), wrapper, { mode: 0o755 });
  return archives;
}

/** Runs a program in the build folder, every line into the log. */
async function run(
  build: Build,
  program: string,
  args: readonly string[],
  onLine?: (line: string) => void,
): Promise<void> {
  const { work, logPath } = build;
  await appendFile(logPath, `$ ${program} ${args.join(' ')}\n`);
  const { exitCode, lines } = await runGroup(program, args, {
    cwd: work.out,
    env: environment(work),
    lockFile: work.lockFile,
    logPath,
    onLine,
  });
  if (exitCode !== 0) throw buildFailure(program, exitCode, lines, logPath);
}

/** The whole of it: no flags of the user's reach the compiler. */
function environment({ folder, tree }: Work): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: homedir(),
    TMPDIR: tmpdir(),
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    PYTHONPATH: join(tree, 'meson', 'usr', 'lib', 'python3', 'dist-packages'),
    PYTHONDONTWRITEBYTECODE: '1',
    PKG_CONFIG: join(folder, 'pkg-config'),
    SOURCE_DATE_EPOCH: '1767225600',
  };
}

/** A configure or ninja that failed, as an error of the host: the first line that says why, and where the log is. */
const TAIL = 12;
const LINE_LENGTH = 300;

export function buildFailure(
  program: string,
  exitCode: number,
  lines: readonly string[],
  logPath: string,
): HostFault {
  const limit = hostLimit('to build QEMU', lines, logPath);
  if (limit !== null) return limit;
  const first = firstError(lines);
  const shown = first.length > 0 ? first : lines.slice(-TAIL);
  const name = program.slice(program.lastIndexOf('/') + 1);
  return new HostFault(
    'emulator-build',
    [
      `the pinned QEMU could not be built: ${name} ended with ${exitCode}`,
      ...shown.map((line) => `  ${printable(line.slice(0, LINE_LENGTH))}`),
      `all of it: ${logPath}`,
    ].join('\n'),
    'the QEMU of this system can be used instead: emulator: system',
  );
}
