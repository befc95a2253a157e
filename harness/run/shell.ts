/** The guest of a cell with the user's terminal on its console. Nothing is judged, and nothing is recorded. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault, UserError } from '../base/errors.ts';
import { suggestion } from '../base/suggest.ts';
import { openBootFiles } from '../guest/boot-files.ts';
import { onTerminal } from '../guest/launch/terminal.ts';
import { startQemu } from '../guest/qemu-process.ts';
import { openCache } from '../host/cache.ts';
import { interruption, stopIfInterrupted } from '../host/interruption.ts';
import { makeScratch } from '../host/scratch.ts';
import { buildShellImage } from '../image/shell-image.ts';
import type { KernelImage } from '../kernel/acquire.ts';
import { findVmlinux } from '../kernel/vmlinux.ts';
import { readCellSpec } from '../lab/cell-spec.ts';
import { launchOf } from '../lab/machine.ts';
import { isMatrixPath } from '../matrix/builtin.ts';
import { kernelEntry } from '../matrix/kernel-argument.ts';
import { loadMatrix } from '../matrix/load.ts';
import type { GuestSpec, KernelEntry } from '../matrix/types.ts';
import { makePlan } from '../plan/expand.ts';
import { makeOneReady } from './one-boot.ts';
import { kernelOf } from './relaunch.ts';
import { findCell, openRun } from './stored.ts';

export interface ShellGuest {
  readonly entry: KernelEntry;
  readonly guest: GuestSpec;
}

interface ShellOptions {
  readonly qemu: string;
  readonly gdb: boolean;
  readonly columns: number;
  readonly rows: number;
  readonly onProgress: (text: string) => void;
  /** Called when the guest is ready to start: what is to be told, and the terminal is to be its own from then on. */
  readonly onStart: (lines: readonly string[]) => void;
}

const GDB_SOCKET = 'gdb.sock';

/** RUN and CELL, MATRIX#CELL, or a kernel as `boot` takes it, in the guest that `cell` describes. Throws UserError. */
export async function shellGuest(
  what: string,
  cell: string | undefined,
  settings: string,
  resultsDir: string,
): Promise<ShellGuest> {
  if (cell !== undefined) {
    const record = await openRun(resultsDir, what);
    const { kernel, guest } = findCell(record, cell).cell;
    return {
      entry: { name: kernel, source: { kind: 'image', path: await kernelOf(record, kernel) } },
      guest,
    };
  }
  const [path = '', id] = what.split('#');
  if (id !== undefined && isMatrixPath(path)) {
    const matrix = await loadMatrix(path);
    const { cells } = makePlan(matrix);
    const found = cells.find((one) => one.id === id);
    const entry = matrix.kernels.find(({ name }) => name === (found?.kernel ?? id));
    if (found !== undefined && entry !== undefined) return { entry, guest: found.guest };
    // MATRIX#NAME is a kernel, as everywhere.
    if (entry === undefined) {
      const ids = cells.map((one) => one.id);
      throw new UserError(`${path} has no cell and no kernel ${id}`, suggestion(id, ids));
    }
  }
  return { entry: await kernelEntry(what), guest: (await readCellSpec(settings, [])).cell.guest };
}

/** Runs the guest until it ends. Throws HostFault if it cannot be run, or if QEMU fails. */
export async function runShell({ entry, guest }: ShellGuest, options: ShellOptions): Promise<void> {
  const { qemu, gdb, columns, rows, onProgress, onStart } = options;
  const hint = 'use a cell with topology nested, auto or tcg';
  const {
    cell,
    ready,
    kernel,
    machine: found,
  } = await makeOneReady(entry, guest, { qemu, onProgress }, hint);
  const { tracedInitrd: _, ...machine } = found;
  if (gdb && machine.appliance !== null)
    throw new UserError(
      '--gdb is for a guest that QEMU of this host runs itself',
      'take a cell with topology tcg or kvm',
    );
  const image = await buildShellImage(guest.trace);
  const scratch = await makeScratch();
  try {
    const cwd = join(scratch.path, 'qemu');
    await mkdir(cwd, { mode: 0o700 });
    const launch = onTerminal(launchOf(cell, machine, kernel.path, { ...ready, initrdPath: image.path }), {
      columns,
      rows,
      ...(gdb ? { gdbSocket: GDB_SOCKET } : {}),
    });
    const files = await openBootFiles(scratch.path, launch);
    try {
      onStart([
        `${cell.id} (${machine.accelerator}: ${machine.acceleratorReason})`,
        ...(gdb ? await gdbLines(kernel, join(cwd, GDB_SOCKET)) : []),
      ]);
      const process = await startQemu(launch, cwd, { ...files, consoleFd: 1 }, 'inherit');
      const stop = (): void => process.kill();
      interruption().addEventListener('abort', stop, { once: true });
      if (interruption().aborted) stop();
      const { exitCode, stderr } = await process.exited;
      interruption().removeEventListener('abort', stop);
      stopIfInterrupted();
      if (exitCode !== 0)
        throw new HostFault('qemu-failed', `QEMU ended with ${exitCode}: ${stderr.trim().slice(-2000)}`);
    } finally {
      await files.close();
    }
  } finally {
    await scratch.remove();
  }
}

/** For people: symbols, and what to type in another terminal. */
async function gdbLines({ sha256, build, origin }: KernelImage, socket: string): Promise<string[]> {
  const vmlinux = await findVmlinux(sha256, { cache: await openCache() });
  const none =
    build === undefined
      ? `none is known of this image (${origin}); a distribution has it in a package of its own, for Debian linux-image-...-dbg`
      : 'not kept when this kernel was built: tscmatrix build --force MATRIX.yaml --kernel NAME';
  return [
    `vmlinux: ${vmlinux ?? none}`,
    `the guest waits; in another terminal: gdb ${vmlinux ?? 'VMLINUX'} -ex 'target remote ${socket}'`,
  ];
}
