/** Kernels held against each other and against slow reads. */
import { type Command, flag, list, parsed, text } from '../command.ts';
import { nanoseconds, OWN_MATRIX, ppm, wholeNumber } from '../options.ts';
import type { SweepFlags } from '../sweep.ts';
import type { ValidateFlags } from '../validate.ts';
import {
  type Building,
  CELL,
  CONFINEMENT,
  filter,
  GUEST_JOBS,
  JSON_RESULT,
  jobs,
  QEMU,
  results,
  TEST,
  TEST_TIMEOUT,
  TIMEOUT,
} from './common.ts';

const VALIDATE: Command<ValidateFlags & Building> = {
  usage: 'validate',
  about: 'hold a backport against its base and against upstream: equivalent, or what is missing or worse',
  examples: [
    'validate --base my.yaml#base --backport fix.patch --reference my.yaml#upstream',
    'validate --static --base my.yaml#base --backport fix.patch --upstream ~/linux',
  ],
  options: {
    base: text('<kernel>', 'the kernel without it: MATRIX.yaml#KERNEL, or as in boot'),
    backport: list('<what>', 'a patch, a series, a commit, or MATRIX.yaml#KERNEL; repeatable'),
    reference: text('<kernel>', "the kernel with upstream's fix, as --base"),
    matrix: {
      ...text('<file>', 'the guests; its kernels give way to these'),
      value: OWN_MATRIX,
    },
    filter: filter('guests'),
    test: TEST,
    testTimeout: TEST_TIMEOUT,
    static: flag('look at the patch only: does it apply, what is it like, what is missing'),
    upstream: text('<dir>', 'a clone of Linux to compare the patch with'),
    repeat: { ...parsed('<n>', 'boots of each kernel in each guest', wholeNumber(1)), value: 1 },
    tolerance: { ...parsed('<ppm>', 'frequencies this near are the same', ppm), value: 10 },
    margins: { ...flag('do not search the delay at which each kernel stops registering'), off: true },
    marginStep: {
      ...parsed('<time>', 'how exactly it is searched', nanoseconds),
      value: 250,
      shown: '250ns',
    },
    mail: flag('print the short form of the statement, plain text for a mail to a list'),
    signature: flag('add the digests of all inputs to the statement'),
    each: flag('the backport is a series: validate each of its steps'),
    resume: text('<run>', 'resume one that was interrupted: the same options, and its run'),
    jobs: GUEST_JOBS,
    timeout: TIMEOUT,
    results: results('statements are kept in DIR/validate, the run in DIR'),
    confinement: CONFINEMENT,
    qemu: QEMU,
    json: JSON_RESULT,
  },
  start: async (flags) => (await import('../validate.ts')).validateCommand(flags),
};

const SWEEP: Command<SweepFlags & Building, [kernels: string[]]> = {
  usage: 'sweep <kernels...>',
  about: 'how much slower reads may get before tsc is no longer registered, and how inaccurate it becomes',
  examples: [
    'sweep bzImage --html sweep.html',
    'sweep builtin:seed --kernel stock --cell topology=nested,hpet=off',
  ],
  options: {
    kernel: list('<name>', 'of a matrix only this kernel, or a glob; repeatable'),
    cell: { ...CELL, value: 'topology=nested,cpu=host' },
    reference: {
      takes: '<counter>',
      about: 'which counter is read and delayed (default: as hpet of --cell, else pm)',
      choices: ['pm', 'hpet', 'both'],
    },
    step: { ...parsed('<time>', 'how exactly the margin is found', nanoseconds), value: 100 },
    max: { ...parsed('<time>', 'the largest delay of a read', nanoseconds), value: 5_000_000 },
    disturb: list('<delay>', 'a disturbance, such as every11+500us; none for none; repeatable'),
    points: {
      ...parsed('<n>', 'points of the curve beside those of the search', wholeNumber(0)),
      value: 4,
    },
    repeat: parsed('<n>', 'boots of each point (default: 1, in real time 5)', wholeNumber(1)),
    jobs: jobs('kernels', 'what CPUs and memory allow'),
    timeout: TIMEOUT,
    results: results('sweeps are kept in DIR/sweep'),
    svg: text('<file>', 'write the drawing to this file too'),
    html: text('<file>', 'write it as one self-contained page too'),
    confinement: CONFINEMENT,
    qemu: QEMU,
    json: JSON_RESULT,
  },
  start: async (flags, _, [kernels]) => (await import('../sweep.ts')).sweepCommand(kernels, flags),
};

export const MARGINS = [VALIDATE, SWEEP];
