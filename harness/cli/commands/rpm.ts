/** A distribution's kernel by its source RPM. */
import { type Command, text } from '../command.ts';
import type { RpmFlags } from '../rpm.ts';
import { type Building, CELL, COMPILER_JOBS, CONFINEMENT, JSON_RESULT, QEMU, TIMEOUT } from './common.ts';

export const RPM: Command<RpmFlags & Building, [step: string, what: string]> = {
  usage: 'rpm <step> <what>',
  about:
    "a distribution's kernel by its source RPM: prepare KERNEL.src.rpm, then patch, build and boot the folder of that",
  examples: [
    'rpm prepare kernel-3.10.0-957.el7.src.rpm --output k957',
    "rpm patch k957 --buildid .tscheck --subject 'tsc: raise the threshold'",
    'rpm build k957',
    'rpm boot k957 --cell topology=nested,hpet=off',
  ],
  options: {
    output: text('<dir>', 'prepare: the folder to make (default: the name of the source RPM)'),
    buildid: { ...text('<id>', 'patch: put into the release'), value: '.tscmatrix' },
    name: text('<file>', 'patch: its file name in SOURCES (default: linux-VERSION-RELEASE.patch)'),
    subject: { ...text('<text>', 'patch: the first line of its header'), value: 'local changes' },
    jobs: COMPILER_JOBS,
    cell: { ...CELL, value: '' },
    keep: text('<dir>', "boot: keep the guest's console and evidence in this new folder"),
    timeout: TIMEOUT,
    confinement: CONFINEMENT,
    qemu: QEMU,
    json: JSON_RESULT,
  },
  start: async (flags, { isGiven }, [step, what]) =>
    (await import('../rpm.ts')).rpmCommand(step, what, flags, isGiven),
};
