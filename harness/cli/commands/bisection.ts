/** The search for a commit or a kernel, and its one step. */
import type { BisectFlags } from '../bisect.ts';
import { type Command, flag, list, parsed, text } from '../command.ts';
import { probability } from '../options.ts';
import type { ProbeFlags } from '../probe.ts';
import {
  type Building,
  CELL,
  COMPILER_JOBS,
  CONFIG,
  CONFINEMENT,
  EXPECT,
  JSON_RESULT,
  QEMU,
  results,
  TEST,
  TEST_TIMEOUT,
  TIMEOUT,
} from './common.ts';

const BISECT: Command<BisectFlags & Building, [paths: string[]]> = {
  usage: 'bisect [paths...]',
  about: 'find the first commit, or the first of a list of kernels, that behaves differently',
  examples: [
    'bisect --repo ~/linux --good v6.1 --bad v6.2 --cell hpet=off --expect registration=refined',
    'bisect --kernels debian:linux-image-cloud-amd64@bookworm,trixie --cell hpet=off',
  ],
  options: {
    cell: CELL,
    expect: EXPECT,
    test: TEST,
    testTimeout: TEST_TIMEOUT,
    good: text('<commit>', 'is as expected; with --bad, a later one that is not'),
    bad: text('<commit>', 'is not as expected: what broke it is searched'),
    old: text('<commit>', 'is not as expected; with --new, a later one that is'),
    new: text('<commit>', 'is as expected: what fixed it is searched'),
    repo: text('<dir>', 'the repository; nothing in it is changed (default: the current folder)'),
    kernels: list(
      '<list>',
      'kernels instead of commits; repeatable: a folder, a matrix, or debian:PACKAGE@SUITE,SUITE',
    ),
    firstParent: flag('of merges follow the first parent only'),
    skip: list('<commit|range>', 'cannot be tested; repeatable'),
    config: CONFIG,
    patch: list('<file>', 'applied to every commit; repeatable'),
    confidence: { ...parsed('<p>', 'in real time: stop at this probability', probability), value: 0.995 },
    jobs: COMPILER_JOBS,
    timeout: TIMEOUT,
    results: results('searches are kept in DIR/bisect'),
    resume: { takes: '[dir]', about: 'resume a search (default: the latest that has no end)' },
    confinement: CONFINEMENT,
    qemu: QEMU,
    json: JSON_RESULT,
  },
  start: async (flags, { isGiven }, [paths]) =>
    (await import('../bisect.ts')).bisectCommand(paths, flags, isGiven),
};

const PROBE: Command<ProbeFlags & Building, [kernel: string | undefined]> = {
  usage: 'probe [kernel]',
  about: 'one kernel, or one commit, against an expectation: exit codes for "git bisect run"',
  examples: [
    'probe bzImage --cell hpet=off --expect registration=refined',
    'probe --repo ~/linux --commit v6.1 --cell builtin:quick#tcg.deterministic',
    'probe bzImage --test ./check.sh',
  ],
  options: {
    cell: CELL,
    expect: EXPECT,
    test: TEST,
    testTimeout: TEST_TIMEOUT,
    repo: text('<dir>', 'without a KERNEL: build this repository (default: the current folder)'),
    commit: text('<commit>', '... at this commit (default: HEAD)'),
    config: CONFIG,
    patch: list('<file>', 'applied before the build; repeatable'),
    failure: {
      takes: '<what>',
      about: 'a guest that panics, hangs or says nothing: skip (125) or bad (1)',
      choices: ['skip', 'bad'],
      value: 'skip',
    },
    jobs: COMPILER_JOBS,
    timeout: TIMEOUT,
    confinement: CONFINEMENT,
    qemu: QEMU,
    json: JSON_RESULT,
  },
  start: async (flags, _, [kernel]) => (await import('../probe.ts')).probeCommand(kernel, flags),
};

export const BISECTION = [BISECT, PROBE];
