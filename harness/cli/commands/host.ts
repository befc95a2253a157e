/** A guest that is not ours, and this host. */
import { type Command, flag, text } from '../command.ts';
import type { DiagnoseFlags } from '../diagnose.ts';
import type { DoctorFlags } from '../doctor.ts';
import { bootNumber } from '../options.ts';
import { JSON_RESULT, QEMU } from './common.ts';

const DIAGNOSE: Command<DiagnoseFlags, [file: string | undefined, other: string | undefined]> = {
  usage: 'diagnose [file] [other]',
  about:
    "why is tsc not listed? From a guest's dmesg alone (a file, a folder, an archive, - for stdin, or --ssh); with two files what differs",
  examples: [
    'diagnose dmesg.txt --available "kvm-clock acpi_pm"',
    'diagnose --ssh root@guest',
    'diagnose failing.log healthy.log --markdown',
  ],
  options: {
    available: text('<names>', 'content of available_clocksource'),
    current: text('<name>', 'content of current_clocksource'),
    ssh: text('<[user@]host[:port]>', 'read it all from a running guest; nothing is changed there'),
    identity: text('<file>', 'private key for --ssh (default: the agent, then the keys in ~/.ssh)'),
    boot: {
      takes: '<n>',
      about: 'which boot of a log that holds several, from 1, or -1 for the last (default)',
      parse: bootNumber,
    },
    html: text(
      '<file>',
      'write it as one self-contained page too, with the log and the cited lines marked in it',
    ),
    markdown: flag('print it in markdown, for a ticket'),
    json: JSON_RESULT,
  },
  start: async (flags, _, [file, other]) =>
    (await import('../diagnose.ts')).diagnoseCommand({ ...flags, file, other }),
};

const DOCTOR: Command<DoctorFlags> = {
  usage: 'doctor',
  about: 'what this host can do, found out by trying',
  examples: ['doctor', 'doctor --json'],
  options: {
    qemu: QEMU,
    kernel: text('<kernel>', 'kernel for the trial guest (as in boot)'),
    json: JSON_RESULT,
  },
  start: async (flags) => (await import('../doctor.ts')).doctorCommand(flags),
};

export const COMPLETION: Command<Record<string, never>, [shell: string]> = {
  usage: 'completion <shell>',
  about: 'print the completion of commands and options for bash, zsh or fish',
  examples: [
    'completion bash > ~/.local/share/bash-completion/completions/tscmatrix',
    'completion zsh > ~/.zfunc/_tscmatrix',
    'completion fish > ~/.config/fish/completions/tscmatrix.fish',
  ],
  options: {},
  start: async (_, { groups }, [shell]) =>
    (await import('../completion.ts')).completionCommand(shell, groups),
};

export const MANUAL: Command<Record<string, never>> = {
  usage: 'manual',
  about: 'print the manual page, for man',
  examples: ['manual > ~/.local/share/man/man1/tscmatrix.1', 'manual | man -l -'],
  options: {},
  start: async (_, { groups }) => (await import('../manual.ts')).manualCommand(groups),
};

export const HOST = [DIAGNOSE, DOCTOR];
