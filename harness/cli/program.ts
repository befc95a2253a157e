/** The commands and their options, in commander. Nothing here loads a command's own code before it is asked for. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { EXIT } from '../base/errors.ts';
import { projectFolder } from '../host/project.ts';
import {
  collect,
  nanoseconds,
  onOff,
  ppm,
  probability,
  SYSTEM_QEMU,
  seconds,
  wholeNumber,
} from './options.ts';

const EXIT_CODES = `
Exit codes: 0 all as expected; 1 something unexpected or flaky; 2 bad usage or input;
69 the host cannot do it (no QEMU, no accelerator, no space); 130 interrupted.`;

const DAY_S = 24 * 3600;
/** As seconds(), and days. */
function age(text: string): number {
  const days = /^(\d+)d$/.exec(text)?.[1];
  return days === undefined ? seconds('--older-than')(text) : Number(days) * DAY_S;
}

const RESULTS = 'folder of the runs';
/** Where an option that may be repeated is not given at all. */
const NONE = { filter: [], reporter: [], kernel: [] };
const NONE_VALIDATE = { backport: [], filter: [] };
const NONE_BISECT = { expect: [], kernels: [], skip: [], patch: [] };
const NONE_SWEEP = { kernel: [], disturb: [] };
const SWEEP_CELL = 'topology=nested,cpu=host';
const JSON_HELP = 'print the result as JSON on stdout';

function timeout(): Option {
  return new Option('--timeout <time>', 'wall time for one guest, such as 90s or 5m')
    .argParser(seconds('--timeout'))
    .default(180, '180s');
}

function version(): string {
  const { version } = JSON.parse(readFileSync(join(projectFolder(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

/** Gives the function that runs a command line and tells its exit code. */
export function makeProgram(signal: AbortSignal): (argv: readonly string[]) => Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = new Command('tscmatrix')
    .description(
      'Boots Linux guests in QEMU and says whether, how and how accurately each registers the TSC.',
    )
    .version(version())
    .addHelpText('after', EXIT_CODES)
    .showSuggestionAfterError()
    .exitOverride();
  /** An action loads its module, runs it, and leaves its exit code here. */
  const does =
    <A extends unknown[]>(action: (...args: A) => Promise<number>) =>
    async (...args: A): Promise<void> => {
      exitCode = await action(...args);
    };

  program
    .command('run [matrix]')
    .description('boot every cell of a matrix and judge it, or go on with a run that was cut off')
    .option('--filter <axis=value>', 'only these cells; repeat to narrow further', collect)
    .option('--jobs <n>', 'guests at once (default: what CPUs and memory allow)', wholeNumber('--jobs', 1))
    .option('--repeat <n>', 'boots of each cell', wholeNumber('--repeat', 1), 1)
    .addOption(timeout())
    .option('--results <dir>', RESULTS, 'results')
    .option(
      '--reporter <name[=file]>',
      'live, lines, table, markdown, summary, junit, tap, json, kcidb, none; repeatable',
      collect,
    )
    .option('--qemu <program>', 'QEMU to use', SYSTEM_QEMU)
    .option('--refresh', 'look for newer versions of packaged kernels')
    .option('--shard <i/n>', 'only part I of N, the same split on every machine')
    .option('--durations <file>', 'with --shard: what cells took before (a JSON report, or docs/shards.md)')
    .option('--label <word>', 'what this host is called in merged records (default: its name)')
    .option('--blob <file>', 'also write the whole record as one portable file, for merge')
    .option('--resume <run>', 'go on with a run that was cut off; RUN as in report')
    .option('--json', JSON_HELP)
    .action(
      does(async (matrix, options, command: Command) =>
        (await import('./run.ts')).runCommand(
          matrix,
          { ...NONE, ...options },
          (flag) => command.getOptionValueSource(flag) === 'cli',
          signal,
        ),
      ),
    );

  program
    .command('blob <run> <file>')
    .description('write a recorded run as one portable file, for merge')
    .option('--label <word>', 'what the host of the run is called (default: the name of this one)')
    .option('--results <dir>', RESULTS, 'results')
    .action(does(async (run, file, options) => (await import('./blob.ts')).blobCommand(run, file, options)));

  program
    .command('merge <blobs...>')
    .description('make one run of the blobs of shards, or of several hosts')
    .option('--results <dir>', RESULTS, 'results')
    .option('--reporter <name[=file]>', 'as in report; repeatable', collect)
    .option('--json', JSON_HELP)
    .action(
      does(async (blobs, options) =>
        (await import('./merge.ts')).mergeCommand(blobs, { ...NONE, ...options }),
      ),
    );

  program
    .command('plan <matrix>')
    .description('show the cells of a matrix and their ids')
    .option('--filter <axis=value>', 'only these cells; repeat to narrow further', collect)
    .option('--command', 'show the exact QEMU command line of each (fetches the kernels)')
    .option('--refresh', 'with --command: look for newer versions of packaged kernels')
    .option('--durations', 'print what the cells took in the recorded runs, for --durations of run')
    .option('--results <dir>', RESULTS, 'results')
    .option('--qemu <program>', 'QEMU to use', SYSTEM_QEMU)
    .option('--json', JSON_HELP)
    .action(
      does(async (matrix, options) =>
        (await import('./plan.ts')).planCommand(matrix, { ...NONE, ...options }, signal),
      ),
    );

  program
    .command('build [matrix]')
    .description('build the kernels of a matrix that are given as sources, or the pinned QEMU')
    .option('--qemu', 'build the pinned QEMU; a matrix is not needed then')
    .option('--kernel <name>', 'only this kernel, or a glob; repeatable', collect)
    .option('--force', 'build again what is in the cache')
    .option('--jobs <n>', 'compilers at once (default: one for each CPU)', wholeNumber('--jobs', 1))
    .option('--refresh', 'look for newer versions of packaged sources and branches')
    .option('--json', JSON_HELP)
    .action(
      does(async (matrix, options) =>
        options.qemu === true
          ? (await import('./build-qemu.ts')).buildQemuCommand(matrix, { ...NONE, ...options }, signal)
          : (await import('./build.ts')).buildCommand(matrix, { ...NONE, ...options }, signal),
      ),
    );

  program
    .command('kernels')
    .description('list the kernels in the cache, with the sources and build folders behind them')
    .option('--prune', 'remove what was not used for long')
    .addOption(
      new Option('--older-than <time>', 'with --prune: unused for this long, for example 12h or 30d')
        .argParser(age)
        .default(30 * DAY_S, '30d'),
    )
    .option('--json', JSON_HELP)
    .action(does(async (options) => (await import('./kernels.ts')).kernelsCommand(options, signal)));

  program
    .command('boot <kernel>')
    .description('boot one kernel (bzImage, .deb, .rpm, or debian:PACKAGE[@SUITE]) and show its clocksources')
    .option('--topology <topology>', 'tcg, kvm, nested or auto')
    .option('--clock <clock>', 'real or deterministic')
    .option('--cpu <model[,flags]>', "QEMU's -cpu value")
    .option('--hpet <on|off>', 'an HPET', onOff('--hpet'))
    .option('--pmtimer <on|off>', 'the ACPI PM timer', onOff('--pmtimer'))
    .option('--smp <n>', 'CPUs', wholeNumber('--smp', 1))
    .option('--memory <size>', 'memory, for example 512M')
    .option('--machine <type>', 'versioned machine type, pc or q35')
    .option('--personality <name>', 'of a KVM guest: kvm, xen, hyperv or none')
    .option('--ref-delay <time>', 'added to reads of the reference counters, for example 10us')
    .option('--emulator <which>', 'pinned (the QEMU built here) or system (that of --qemu)')
    .option('--append <words>', 'additions to the kernel command line')
    .option('--sha256 <digest>', 'what the file must be; needed for a URL')
    .addOption(timeout())
    .option('--keep <dir>', "keep the guest's console and evidence in this new folder")
    .option('--qemu <program>', 'QEMU to use', SYSTEM_QEMU)
    .option('--json', JSON_HELP)
    .action(
      does(async (kernel, options) => (await import('./boot.ts')).bootCommand(kernel, options, signal)),
    );

  program
    .command('rerun <run> <cell>')
    .description('boot a recorded cell again and compare the transcripts')
    .option('--results <dir>', RESULTS, 'results')
    .option('--json', JSON_HELP)
    .action(
      does(async (run, cell, options) =>
        (await import('./rerun.ts')).rerunCommand(run, cell, options, signal),
      ),
    );

  program
    .command('rejudge <run>')
    .description('judge a recorded run again from its consoles; boots nothing')
    .option('--results <dir>', RESULTS, 'results')
    .option('--json', JSON_HELP)
    .action(does(async (run, options) => (await import('./rejudge.ts')).rejudgeCommand(run, options)));

  program
    .command('report [run]')
    .description('show a recorded run (default: the latest) in any form')
    .option('--results <dir>', RESULTS, 'results')
    .option('--html <file>', 'write it as one self-contained page, with every console')
    .option(
      '--reporter <name[=file]>',
      'table, markdown, summary, junit, tap, json, kcidb; repeatable',
      collect,
    )
    .option('--json', JSON_HELP)
    .action(
      does(async (run, options) => (await import('./report.ts')).reportCommand(run, { ...NONE, ...options })),
    );

  program
    .command('compare [runs...]')
    .description('what changed between two runs: cells regressed, flaky, fixed, new, gone, not comparable')
    .option('--baseline <run>', 'compare one run (default: the latest) with this one, or with last-good')
    .option('--all', 'list cells that are the same too')
    .option('--html <file>', 'write it as one self-contained page too, with the consoles of both runs')
    .option('--results <dir>', RESULTS, 'results')
    .option('--reporter <name[=file]>', 'table, markdown, json, none; repeatable', collect)
    .option('--json', JSON_HELP)
    .action(
      does(async (runs, options) =>
        (await import('./compare.ts')).compareCommand(runs, { ...NONE, ...options }),
      ),
    );

  program
    .command('history [cell-glob]')
    .description('how cells fared over the last nights, how flaky they are, and since when')
    .option('--kernel <name>', 'only cells of this kernel, or a glob')
    .option('--matrix <name>', 'only runs of this matrix')
    .option('--last <n>', 'nights to look at', wholeNumber('--last', 1), 30)
    .option('--rebuild', 'make the database anew from the records')
    .option('--results <dir>', RESULTS, 'results')
    .option('--json', JSON_HELP)
    .action(
      does(async (glob, options) => (await import('./history.ts')).historyCommand(glob, options, signal)),
    );

  program
    .command('bisect [paths...]')
    .description('find the first commit, or the first of a list of kernels, that behaves otherwise')
    .option('--cell <cell>', 'the guest: SETTING=VALUE,..., or MATRIX.yaml#CELL')
    .option('--expect <name=value>', "what is expected of it, in a matrix's words; repeatable", collect)
    .option('--good <commit>', 'is as expected; with --bad, a later one that is not')
    .option('--bad <commit>', 'is not as expected: what broke it is searched')
    .option('--old <commit>', 'is not as expected; with --new, a later one that is')
    .option('--new <commit>', 'is as expected: what fixed it is searched')
    .option('--repo <dir>', 'the repository; nothing in it is changed (default: the current folder)')
    .option('--kernels <list>', 'kernels instead of commits; repeatable, see docs/bisect.md', collect)
    .option('--first-parent', 'of merges follow the first parent only')
    .option('--skip <commit|range>', 'cannot be tested; repeatable', collect)
    .option('--config <file>', 'a .config to build with (default: the small guest configuration)')
    .option('--patch <file>', 'applied to every commit; repeatable', collect)
    .option('--confidence <p>', 'in real time: stop at this probability', probability, 0.995)
    .option('--jobs <n>', 'compilers at once (default: one for each CPU)', wholeNumber('--jobs', 1))
    .addOption(timeout())
    .option('--results <dir>', 'searches are kept in DIR/bisect', 'results')
    .option('--resume [dir]', 'go on with a search (default: the latest that has no end)')
    .option('--qemu <program>', 'QEMU to use', SYSTEM_QEMU)
    .option('--json', JSON_HELP)
    .action(
      does(async (paths, options, command: Command) =>
        (await import('./bisect.ts')).bisectCommand(
          paths,
          { ...NONE_BISECT, ...options },
          (flag) => command.getOptionValueSource(flag) === 'cli',
          signal,
        ),
      ),
    );

  program
    .command('probe [kernel]')
    .description('one kernel, or one commit, against an expectation: exit codes for "git bisect run"')
    .requiredOption('--cell <cell>', 'the guest: SETTING=VALUE,..., or MATRIX.yaml#CELL')
    .option('--expect <name=value>', "what is expected of it, in a matrix's words; repeatable", collect)
    .option('--repo <dir>', 'without a KERNEL: build this repository (default: the current folder)')
    .option('--commit <commit>', '... at this commit (default: HEAD)')
    .option('--config <file>', 'a .config to build with (default: the small guest configuration)')
    .option('--patch <file>', 'applied before the build; repeatable', collect)
    .addOption(
      new Option('--failure <what>', 'a guest that panics, hangs or says nothing: skip (125) or bad (1)')
        .choices(['skip', 'bad'])
        .default('skip'),
    )
    .option('--jobs <n>', 'compilers at once (default: one for each CPU)', wholeNumber('--jobs', 1))
    .addOption(timeout())
    .option('--qemu <program>', 'QEMU to use', SYSTEM_QEMU)
    .option('--json', JSON_HELP)
    .action(
      does(async (kernel, options) =>
        (await import('./probe.ts')).probeCommand(kernel, { ...NONE_BISECT, ...options }, signal),
      ),
    );

  program
    .command('validate')
    .description(
      'hold a backport against its base and against upstream: equivalent, or what is missing or worse',
    )
    .option('--base <kernel>', 'the kernel without it: MATRIX.yaml#KERNEL, or as in boot')
    .option('--backport <what>', 'a patch, a series, a commit, or MATRIX.yaml#KERNEL; repeatable', collect)
    .option('--reference <kernel>', "the kernel with upstream's fix, as --base")
    .option('--matrix <file>', 'the guests; its kernels give way to these', 'matrices/validate.yaml')
    .option('--filter <axis=value>', 'only these guests; repeat to narrow further', collect)
    .option('--static', 'look at the patch only: does it apply, what is it like, what is missing')
    .option('--upstream <dir>', 'a clone of Linux to compare the patch with')
    .option('--repeat <n>', 'boots of each kernel in each guest', wholeNumber('--repeat', 1), 1)
    .option('--tolerance <ppm>', 'frequencies this near are the same', ppm('--tolerance'), 10)
    .option('--no-margins', 'do not search the delay at which each kernel stops registering')
    .addOption(
      new Option('--margin-step <time>', 'how exactly it is searched')
        .argParser(nanoseconds('--margin-step'))
        .default(250, '250ns'),
    )
    .option('--signature', 'add the digests of all inputs to the statement')
    .option('--jobs <n>', 'guests at once (default: what CPUs and memory allow)', wholeNumber('--jobs', 1))
    .addOption(timeout())
    .option('--results <dir>', 'statements are kept in DIR/validate, the run in DIR', 'results')
    .option('--qemu <program>', 'QEMU to use', SYSTEM_QEMU)
    .option('--json', JSON_HELP)
    .action(
      does(async (options) =>
        (await import('./validate.ts')).validateCommand({ ...NONE_VALIDATE, ...options }, signal),
      ),
    );

  program
    .command('sweep <kernels...>')
    .description('how much slower reads may get before tsc is no longer registered, and how wrong it gets')
    .option('--kernel <name>', 'of a matrix only this kernel, or a glob; repeatable', collect)
    .option('--cell <cell>', 'the guest: SETTING=VALUE,..., or MATRIX.yaml#CELL', SWEEP_CELL)
    .addOption(
      new Option(
        '--reference <counter>',
        'which counter is read and delayed (default: as hpet of --cell, else pm)',
      ).choices(['pm', 'hpet', 'both']),
    )
    .option('--step <time>', 'how exactly the margin is found', nanoseconds('--step'), 100)
    .option('--max <time>', 'the largest delay of a read', nanoseconds('--max'), 5_000_000)
    .option('--disturb <delay>', 'a disturbance, such as every11+500us; none for none; repeatable', collect)
    .option('--points <n>', 'points of the curve beside those of the search', wholeNumber('--points', 0), 4)
    .option('--repeat <n>', 'boots of each point (default: 1, in real time 5)', wholeNumber('--repeat', 1))
    .option('--jobs <n>', 'kernels at once (default: what CPUs and memory allow)', wholeNumber('--jobs', 1))
    .addOption(timeout())
    .option('--results <dir>', 'sweeps are kept in DIR/sweep', 'results')
    .option('--svg <file>', 'write the drawing to this file too')
    .option('--html <file>', 'write it as one self-contained page too')
    .option('--qemu <program>', 'QEMU to use', SYSTEM_QEMU)
    .option('--json', JSON_HELP)
    .action(
      does(async (kernels, options) =>
        (await import('./sweep.ts')).sweepCommand(kernels, { ...NONE_SWEEP, ...options }, signal),
      ),
    );

  program
    .command('diagnose [file]')
    .description("why is tsc not listed? From a guest's dmesg (a file, - for stdin, or --ssh) alone")
    .option('--available <names>', 'content of available_clocksource')
    .option('--current <name>', 'content of current_clocksource')
    .option('--ssh <[user@]host[:port]>', 'read it all from a running guest; nothing is changed there')
    .option('--identity <file>', 'private key for --ssh (default: the agent, then the keys in ~/.ssh)')
    .option('--json', JSON_HELP)
    .action(
      does(async (file, options) =>
        (await import('./diagnose.ts')).diagnoseCommand({ ...options, file, signal }),
      ),
    );

  program
    .command('doctor')
    .description('what this host can do, found out by trying')
    .option('--qemu <program>', 'QEMU to use', SYSTEM_QEMU)
    .option('--kernel <kernel>', 'kernel for the trial guest (as in boot)')
    .option('--json', JSON_HELP)
    .action(does(async (options) => (await import('./doctor.ts')).doctorCommand(options, signal)));

  return async (argv) => {
    try {
      await program.parseAsync(argv, { from: 'user' });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    return exitCode;
  };
}
