/** What is built, and what the cache keeps of it. */
import type { BuildFlags } from '../build.ts';
import { type Command, flag, list, parsed, text } from '../command.ts';
import type { KernelsFlags } from '../kernels.ts';
import { age, DAY_S } from '../options.ts';
import { type Building, COMPILER_JOBS, CONFINEMENT, JSON_RESULT } from './common.ts';

const BUILD: Command<
  BuildFlags & Building & { readonly qemu?: boolean; readonly from?: string },
  [matrix: string | undefined]
> = {
  usage: 'build [matrix]',
  about: 'build the kernels of a matrix that are given as sources, or the pinned QEMU',
  examples: ['build builtin:seed --kernel stock', 'build --qemu'],
  options: {
    qemu: flag('build the pinned QEMU; a matrix is not needed then'),
    from: text(
      '<dir>',
      "with --qemu: the source package, Meson and firmware, with SHA256SUMS, in place of Debian's archive",
    ),
    kernel: list('<name>', 'only this kernel, or a glob; repeatable'),
    force: flag('build again what is in the cache'),
    jobs: COMPILER_JOBS,
    confinement: CONFINEMENT,
    refresh: flag('look for newer versions of packaged sources and branches'),
    json: JSON_RESULT,
  },
  start: async (flags, _, [matrix]) =>
    flags.qemu === true
      ? (await import('../build-qemu.ts')).buildQemuCommand(matrix, flags)
      : (await import('../build.ts')).buildCommand(matrix, flags),
};

const LIST: Command<KernelsFlags> = {
  usage: 'kernels',
  about: 'list the kernels in the cache, with the sources and build folders behind them',
  examples: ['kernels', 'kernels --prune --older-than 30d'],
  options: {
    prune: flag('remove what was not used for long'),
    olderThan: {
      ...parsed('<time>', 'with --prune: unused for this long, for example 12h or 30d', age),
      value: 30 * DAY_S,
      shown: '30d',
    },
    json: JSON_RESULT,
  },
  start: async (flags) => (await import('../kernels.ts')).kernelsCommand(flags),
};

export const KERNELS = [BUILD, LIST];
