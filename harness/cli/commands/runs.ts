/** Runs of a matrix: made, carried from host to host, planned. */

import { REPORTER_NAMES } from '../../report/reporters.ts';
import type { BlobFlags } from '../blob.ts';
import { type Command, flag, list, parsed, text } from '../command.ts';
import type { InitFlags } from '../init.ts';
import type { MergeFlags } from '../merge.ts';
import { wholeNumber } from '../options.ts';
import type { PlanFlags } from '../plan.ts';
import type { RunFlags } from '../run.ts';
import {
  type Building,
  CONFINEMENT,
  DUMP,
  filter,
  GUEST_JOBS,
  JSON_RESULT,
  QEMU,
  results,
  TIMEOUT,
} from './common.ts';

const RUN: Command<RunFlags & Building, [matrix: string | undefined]> = {
  usage: 'run [matrix]',
  about: 'boot every cell of a matrix and judge it, or resume an interrupted run',
  examples: [
    'run builtin:quick',
    'run builtin:seed --filter kernel=stock --repeat 2',
    'run my.yaml --reporter table --reporter junit=results.xml',
    'run --resume latest',
  ],
  options: {
    filter: filter('cells'),
    jobs: GUEST_JOBS,
    repeat: { ...parsed('<n>', 'boots of each cell', wholeNumber(1)), value: 1 },
    timeout: TIMEOUT,
    dump: DUMP,
    results: results(),
    reporter: list('<name[=file]>', `${REPORTER_NAMES.join(', ')}; repeatable`),
    confinement: CONFINEMENT,
    qemu: QEMU,
    refresh: flag('look for newer versions of packaged kernels'),
    shard: text('<i/n>', 'only part I of N, the same split on every machine'),
    durations: text(
      '<file>',
      'with --shard: what cells took before (a JSON report, or what plan --durations prints)',
    ),
    label: text('<word>', 'what this host is called in merged records (default: its name)'),
    blob: text('<file>', 'also write the whole record as one portable file, for merge'),
    resume: text('<run>', 'resume an interrupted run; RUN as in report'),
    json: JSON_RESULT,
  },
  start: async (flags, { isGiven }, [matrix]) =>
    (await import('../run.ts')).runCommand(matrix, flags, isGiven),
};

const BLOB: Command<BlobFlags, [run: string, file: string]> = {
  usage: 'blob <run> <file>',
  about: 'write a recorded run as one portable file, for merge',
  examples: ['blob latest monday.blob'],
  options: {
    label: text('<word>', 'what the host of the run is called (default: the name of this one)'),
    results: results(),
  },
  start: async (flags, _, [run, file]) => (await import('../blob.ts')).blobCommand(run, file, flags),
};

const MERGE: Command<MergeFlags, [blobs: string[]]> = {
  usage: 'merge <blobs...>',
  about: 'make one run of the blobs of shards, or of several hosts',
  examples: ['merge 1.blob 2.blob --reporter table'],
  options: {
    results: results(),
    reporter: list('<name[=file]>', 'as in report; repeatable'),
    json: JSON_RESULT,
  },
  start: async (flags, _, [blobs]) => (await import('../merge.ts')).mergeCommand(blobs, flags),
};

const PLAN: Command<PlanFlags, [matrix: string]> = {
  usage: 'plan <matrix>',
  about: 'show the cells of a matrix and their ids',
  examples: ['plan builtin:seed', "plan my.yaml --filter 'smp!=1' --command"],
  options: {
    filter: filter('cells'),
    command: flag('show the exact QEMU command line of each (fetches kernels, builds none)'),
    refresh: flag('with --command: look for newer versions of packaged kernels'),
    durations: flag('print what the cells took in the recorded runs, for --durations of run'),
    results: results(),
    qemu: QEMU,
    json: JSON_RESULT,
  },
  start: async (flags, _, [matrix]) => (await import('../plan.ts')).planCommand(matrix, flags),
};

const INIT: Command<InitFlags, [kernel: string | undefined]> = {
  usage: 'init [kernel]',
  about: 'write a commented matrix for a kernel (as in boot; default: the one that runs here)',
  examples: ['init arch/x86/boot/bzImage', 'init debian:linux-image-amd64@trixie --output debian.yaml'],
  options: {
    output: { ...text('<file>', 'the matrix; a file that is there is left alone'), value: 'tscmatrix.yaml' },
    sha256: text('<digest>', 'what the file must be; needed for a URL'),
  },
  start: async (flags, _, [kernel]) => (await import('../init.ts')).initCommand(kernel, flags),
};

export const RUNS = [RUN, PLAN, INIT, BLOB, MERGE];
