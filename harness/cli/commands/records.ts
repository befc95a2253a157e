/** What recorded runs are good for. */
import { COMPARISON_REPORTERS, RENDERED } from '../../report/reporters.ts';
import { type Command, flag, list, parsed, text } from '../command.ts';
import type { CompareFlags } from '../compare.ts';
import type { ConfirmFlags } from '../confirm.ts';
import type { DumpFlags } from '../dump.ts';
import type { HistoryFlags } from '../history.ts';
import { wholeNumber } from '../options.ts';
import type { RejudgeFlags } from '../rejudge.ts';
import type { ReportFlags } from '../report.ts';
import type { RerunFlags } from '../rerun.ts';
import { JSON_RESULT, QEMU, results, TIMEOUT } from './common.ts';

const RERUN: Command<RerunFlags, [run: string, cell: string]> = {
  usage: 'rerun <run> <cell>',
  about: 'boot a recorded cell again and compare; with a part of it changed, what became different',
  examples: [
    'rerun latest debian-6.1.tcg.deterministic.hpet=off',
    'rerun latest debian-6.1.tcg.deterministic.hpet=off --append tsc=unstable --trace refinement',
  ],
  options: {
    kernel: text('<kernel>', 'another kernel, as in boot, or MATRIX.yaml#NAME'),
    append: text('<words>', 'further additions to the kernel command line'),
    trace: text('<what>', 'what the kernel traces, as in boot'),
    timeout: TIMEOUT,
    results: results(),
    qemu: QEMU,
    json: JSON_RESULT,
  },
  start: async (flags, _, [run, cell]) => (await import('../rerun.ts')).rerunCommand(run, cell, flags),
};

const DUMP_OF: Command<DumpFlags, [run: string, cell: string]> = {
  usage: 'dump <run> <cell>',
  about:
    "what the memory of a guest says that died or hung: its kernel's log, backtraces and clocks, by crash(8)",
  examples: ['dump latest stock.tcg.deterministic.hpet=off'],
  options: {
    boot: parsed(
      '<n>',
      'of several boots of the cell this one (default: the last with a dump)',
      wholeNumber(1),
    ),
    vmlinux: text('<file>', "the kernel's, with debugging data (default: that of the build, in the cache)"),
    results: results(),
  },
  start: async (flags, _, [run, cell]) => (await import('../dump.ts')).dumpCommand(run, cell, flags),
};

const REJUDGE: Command<RejudgeFlags, [run: string]> = {
  usage: 'rejudge <run>',
  about: 'judge a recorded run again from its consoles; boots nothing',
  examples: ['rejudge latest'],
  options: { results: results(), json: JSON_RESULT },
  start: async (flags, _, [run]) => (await import('../rejudge.ts')).rejudgeCommand(run, flags),
};

const REPORT: Command<ReportFlags, [run: string | undefined]> = {
  usage: 'report [run]',
  about: 'show a recorded run (default: the latest) in any form',
  examples: ['report', 'report latest --html report.html'],
  options: {
    results: results(),
    html: text('<file>', 'write it as one self-contained page, with every console'),
    reporter: list('<name[=file]>', `${RENDERED.join(', ')}; repeatable`),
    json: JSON_RESULT,
  },
  start: async (flags, _, [run]) => (await import('../report.ts')).reportCommand(run, flags),
};

const COMPARE: Command<CompareFlags, [runs: string[]]> = {
  usage: 'compare [runs...]',
  about: 'what changed between two runs: cells regressed, flaky, fixed, new, gone, not comparable',
  examples: ['compare --baseline last-good', 'compare 20261101 20261102 --html compare.html'],
  options: {
    baseline: text('<run>', 'compare one run (default: the latest) with this one, or with last-good'),
    all: flag('list cells that are the same too'),
    html: text('<file>', 'write it as one self-contained page too, with the consoles of both runs'),
    results: results(),
    reporter: list('<name[=file]>', `${COMPARISON_REPORTERS.join(', ')}; repeatable`),
    json: JSON_RESULT,
  },
  start: async (flags, _, [runs]) => (await import('../compare.ts')).compareCommand(runs, flags),
};

const CONFIRM: Command<ConfirmFlags, [runs: string[]]> = {
  ...COMPARE,
  usage: 'confirm [runs...]',
  about: 'compare two runs, and boot the cells that are worse again, with the kernels of both',
  examples: ['confirm --baseline last-good', 'confirm 20261101 20261102 --boots 5'],
  options: {
    ...COMPARE.options,
    boots: { ...parsed('<n>', 'of each kernel, in real time', wholeNumber(1)), value: 3 },
    qemu: QEMU,
  },
  start: async (flags, _, [runs]) => (await import('../confirm.ts')).confirmCommand(runs, flags),
};

const HISTORY: Command<HistoryFlags, [glob: string | undefined]> = {
  usage: 'history [cell-glob]',
  about: 'how cells fared over the last nights, how flaky they are, and since when',
  examples: ['history', "history '*.hpet=off' --last 60"],
  options: {
    kernel: text('<name>', 'only cells of this kernel, or a glob'),
    matrix: text('<name>', 'only runs of this matrix'),
    last: { ...parsed('<n>', 'nights to look at', wholeNumber(1)), value: 30 },
    rebuild: flag('make the database anew from the records'),
    results: results(),
    json: JSON_RESULT,
  },
  start: async (flags, _, [glob]) => (await import('../history.ts')).historyCommand(glob, flags),
};

export const RECORDS = [RERUN, DUMP_OF, REJUDGE, REPORT, COMPARE, CONFIRM, HISTORY];
