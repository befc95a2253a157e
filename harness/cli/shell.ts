/** `tscmatrix shell`: the guest of a cell, on this terminal. */
import { EXIT, UserError } from '../base/errors.ts';
import { oneLine } from '../base/safe-text.ts';
import { progressLine } from '../host/progress-line.ts';
import { needQemu } from '../lab/need-qemu.ts';
import { runShell, shellGuest } from '../run/shell.ts';

export interface ShellFlags {
  readonly cell: string;
  readonly gdb?: boolean;
  readonly results: string;
  readonly qemu: string;
}

/** 0 if the guest ended by itself, 69 if QEMU failed. */
export async function shellCommand(
  what: string,
  cell: string | undefined,
  flags: ShellFlags,
): Promise<number> {
  const { stdin, stdout, stderr } = process;
  if (!stdin.isTTY || !stdout.isTTY)
    throw new UserError('shell needs a terminal', 'type it at one; tscmatrix boot runs a guest without');
  await needQemu(flags.qemu);
  const guest = await shellGuest(what, cell, flags.cell, flags.results);
  const line = progressLine(stderr);
  try {
    await runShell(guest, {
      qemu: flags.qemu,
      gdb: flags.gdb === true,
      columns: stdout.columns,
      rows: stdout.rows,
      onProgress: line.show,
      onStart: (lines) => {
        line.clear();
        for (const text of lines) stderr.write(`tscmatrix: ${oneLine(text)}\n`);
        // Kept by libuv, which gives the terminal back its own settings, also if QEMU is killed.
        stdin.setRawMode(true);
      },
    });
  } finally {
    line.clear();
    stdin.setRawMode(false);
    stderr.write('\n');
  }
  return EXIT.ok;
}
