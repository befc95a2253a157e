/** What a dump of a guest's memory says: its log, its backtraces and its clocks, as crash(8) reads them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HostFault, UserError } from '../base/errors.ts';
import { shellQuote } from '../base/shell.ts';
import { DUMP_BYTES_MAX } from '../guest/dump-file.ts';
import { DUMP_FILE } from '../guest/machine/memory-dump.ts';
import { openCache } from '../host/cache.ts';
import { checkConfined, confine } from '../host/confine/confine.ts';
import { openInside } from '../host/inside.ts';
import { runGroup } from '../host/process.ts';
import { findProgram } from '../host/program.ts';
import { makeScratch } from '../host/scratch.ts';
import { findVmlinux } from '../kernel/vmlinux.ts';
import { readBootFile } from '../lab/files.ts';
import type { RunRecord } from '../record/reader.ts';
import { findCell, finishedBoots } from './stored.ts';

export interface DumpRequest {
  /** Of the cell; null: the last that has a dump. */
  readonly boot: number | null;
  /** The kernel's, with debugging data; null: that of the cache. */
  readonly vmlinux: string | null;
}

export interface DumpPlace {
  readonly path: string;
  readonly vmlinux: string | null;
  /** What a person types to look at it. */
  readonly command: string;
}

/** That of the build, for a kernel that was built here. */
async function keptVmlinux(record: RunRecord, kernel: string): Promise<string | null> {
  const sha256 = record.view.kernels.get(kernel)?.ready?.sha256;
  if (sha256 === undefined) return null;
  return (await findVmlinux(sha256, { cache: await openCache() })) ?? null;
}

/** Finds the dump of a cell, and the vmlinux that belongs to it. Throws UserError if there is none, with QEMU's reason if it had one. */
export async function findDump(record: RunRecord, id: string, request: DumpRequest): Promise<DumpPlace> {
  const cell = findCell(record, id);
  const boots = finishedBoots(record, cell).filter(
    ({ boot }) => request.boot === null || boot === request.boot,
  );
  const why: string[] = [];
  for (const { boot, folder, root } of boots.toReversed()) {
    const { dump } = await readBootFile(folder, root);
    // A record may come from anybody.
    if (typeof dump !== 'object' || dump === null) continue;
    if ('none' in dump) {
      why.push(`boot ${boot}: ${dump.none}`);
      continue;
    }
    const path = join(folder, DUMP_FILE);
    await (await openInside(root, path, DUMP_BYTES_MAX)).handle.close();
    const vmlinux = request.vmlinux ?? (await keptVmlinux(record, cell.cell.kernel));
    return { path, vmlinux, command: `crash ${shellQuote(vmlinux ?? 'VMLINUX')} ${shellQuote(path)}` };
  }
  const which = request.boot === null ? '' : ` in boot ${request.boot}`;
  throw new UserError(
    `the cell ${id} of the run ${record.run} has no dump${which}${why.length === 0 ? '' : `: ${why.join('; ')}`}`,
    'a guest that dies or hangs leaves one with: tscmatrix run MATRIX --dump on-failure',
  );
}

/** Errors of one command do not end the others: old kernels have other names for some of this. */
const COMMANDS = [
  ['the machine', 'sys'],
  ['the log', 'log'],
  ['backtraces', 'bt -a'],
  ['the TSC', 'p tsc_khz'],
  [
    'clocksources',
    'list -o clocksource.list -s clocksource.name,rating,flags,mult,shift -H clocksource_list',
  ],
  ['the current one', 'p curr_clocksource'],
  ['the timekeeper', 'p tk_core'],
] as const;

/** crash's own words of a dump. It reads what a guest wrote, so it is confined as a build is. Throws HostFault if it cannot read it. */
export async function readDump({ path, vmlinux, command }: DumpPlace): Promise<string> {
  const program = await findProgram('crash').catch(() => null);
  const type = `or look at it elsewhere: ${command}`;
  if (program === null)
    throw new HostFault(
      'tool-missing',
      'crash, which reads dumps, is not installed',
      `apt-get install crash; ${type}`,
    );
  if (vmlinux === null)
    throw new UserError('no vmlinux is known of this kernel', `name it: --vmlinux FILE; ${type}`);
  const scratch = await makeScratch();
  try {
    const work = join(scratch.path, 'work');
    await mkdir(work);
    const lines = COMMANDS.flatMap(([title, words]) => [`gdb echo == ${title}: ${words}\\n`, words]);
    const input = join(work, 'commands');
    await writeFile(input, `set scroll off\n${lines.join('\n')}\nquit\n`);
    const logPath = join(work, 'log');
    const words = await confine([program, '-s', '-i', input, vmlinux, path], {
      root: join(scratch.path, 'root'),
      cwd: work,
      path: process.env.PATH ?? '',
      programs: [program],
      read: [dirname(vmlinux), dirname(path)],
      write: [work],
    });
    const ended = await runGroup(words[0], words.slice(1), {
      cwd: work,
      env: { PATH: process.env.PATH ?? '', HOME: work, TERM: 'dumb', LC_ALL: 'C' },
      lockFile: join(work, 'lock'),
      logPath,
    });
    await checkConfined('crash', ended, logPath);
    if (ended.exitCode !== 0)
      throw new HostFault(
        'tool-failed',
        `crash cannot read ${path}: ${ended.lines.findLast((line) => line.trim() !== '') ?? `exit code ${ended.exitCode}`}`,
        `it needs a vmlinux with debugging data (CONFIG_DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT); ${type}`,
      );
    return ended.lines.join('\n');
  } finally {
    await scratch.remove();
  }
}
