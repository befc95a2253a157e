/** A guest to work in. */
import { type Command, flag } from '../command.ts';
import type { ShellFlags } from '../shell.ts';
import { type Building, CELL, CONFINEMENT, QEMU, results } from './common.ts';

export const SHELL: Command<ShellFlags & Building, [what: string, cell: string | undefined]> = {
  usage: 'shell <what> [cell]',
  about:
    'work in the guest of a cell: busybox on this terminal. WHAT is a run (then CELL), MATRIX#CELL, or a kernel',
  examples: [
    'shell latest stock.nested.deterministic.cpu=host.hpet=off',
    'shell builtin:quick#debian-6.1.tcg.deterministic',
    'shell debian:linux-image-cloud-amd64 --cell topology=tcg,clock=real,hpet=off',
  ],
  options: {
    cell: { ...CELL, about: 'of a kernel, the guest: SETTING=VALUE,...', value: 'topology=tcg,clock=real' },
    gdb: flag('wait for a debugger, and tell what to type'),
    results: results(),
    confinement: CONFINEMENT,
    qemu: QEMU,
  },
  start: async (flags, _, [what, cell]) => (await import('../shell.ts')).shellCommand(what, cell, flags),
};
