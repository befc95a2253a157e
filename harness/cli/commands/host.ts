/** A guest that is not ours, and this host. */
import { type Command, text } from '../command.ts';
import type { DiagnoseFlags } from '../diagnose.ts';
import type { DoctorFlags } from '../doctor.ts';
import { bootNumber } from '../options.ts';
import { JSON_RESULT, QEMU } from './common.ts';

const DIAGNOSE: Command<DiagnoseFlags, [file: string | undefined]> = {
  usage: 'diagnose [file]',
  about: "why is tsc not listed? From a guest's dmesg (a file, - for stdin, or --ssh) alone",
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
    json: JSON_RESULT,
  },
  start: async (flags, _, [file]) => (await import('../diagnose.ts')).diagnoseCommand({ ...flags, file }),
};

const DOCTOR: Command<DoctorFlags> = {
  usage: 'doctor',
  about: 'what this host can do, found out by trying',
  options: {
    qemu: QEMU,
    kernel: text('<kernel>', 'kernel for the trial guest (as in boot)'),
    json: JSON_RESULT,
  },
  start: async (flags) => (await import('../doctor.ts')).doctorCommand(flags),
};

export const HOST = [DIAGNOSE, DOCTOR];
