/** `tscmatrix sweep`: how far kernels are from failing, and what delays and disturbances do to them. */
import { rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { EXIT, HostError, UserError } from '../base/errors.ts';
import { globTest } from '../base/glob.ts';
import { block, json } from '../base/safe-text.ts';
import { suggestion } from '../base/suggest.ts';
import { plainTable } from '../base/table.ts';
import { openCache } from '../host/cache.ts';
import { findProgram } from '../host/program.ts';
import { progressLine } from '../host/progress-line.ts';
import { removeStaleScratch } from '../host/scratch.ts';
import { fileSink } from '../host/sink.ts';
import { acquireKernel, type KernelImage } from '../kernel/acquire.ts';
import { cellText, readCellSpec } from '../lab/cell-spec.ts';
import { newJobFolder } from '../lab/job-folder.ts';
import { needMachine, resolveMachine } from '../lab/machine.ts';
import { cellFor, checkGuest, delayOf } from '../lab/margin/guests.ts';
import type { Reference } from '../lab/margin/limits.ts';
import { REAL_REPEAT } from '../lab/margin/margin.ts';
import { needQemu } from '../lab/need-qemu.ts';
import { openRunner } from '../lab/runner.ts';
import { defaultJobs } from '../lab/schedule.ts';
import { loadMatrix } from '../matrix/load.ts';
import { refDelayOf, refDelaySchema } from '../matrix/ref-delay.ts';
import type { GuestSpec, KernelEntry } from '../matrix/types.ts';
import { pageSink, writePage } from '../report/html/write-page.ts';
import { headingOf, renderSweep } from '../sweep/markdown.ts';
import { sweepPage } from '../sweep/page.ts';
import { sweepPlot } from '../sweep/plot.ts';
import { inputsOf, reportOf, type SweepReport, type SweepTimes } from '../sweep/report.ts';
import { addedText, marginRows, pointRows, type Rows, remarks } from '../sweep/rows.ts';
import { svgFile } from '../sweep/svg-file.ts';
import { type Disturbed, NAMES, type SweepOptions, sweep } from '../sweep/sweep.ts';
import { forgetGit } from './git-environment.ts';
import { kernelEntry } from './kernel-argument.ts';

export interface SweepFlags {
  readonly kernel: readonly string[];
  readonly cell: string;
  readonly reference?: 'pm' | 'hpet' | 'both';
  /** ns per read. */
  readonly step: number;
  readonly max: number;
  readonly disturb: readonly string[];
  readonly points: number;
  readonly repeat?: number;
  readonly jobs?: number;
  readonly timeout: number;
  readonly results: string;
  readonly svg?: string;
  readonly html?: string;
  readonly qemu: string;
  readonly json?: boolean;
}

/** Sizes that grow at one rate, then rates that grow at one size. */
const LADDER = [
  'every11+10us',
  'every11+100us',
  'every11+500us',
  'every11+1ms',
  'random0.05+500us',
  'random0.2+500us',
  'random0.5+500us',
];

/** 0 where every margin was found, whatever it is; 1 where a boot gave no answer or answers contradict each other. */
export async function sweepCommand(
  words: readonly string[],
  flags: SweepFlags,
  signal: AbortSignal,
): Promise<number> {
  forgetGit();
  const entries = await kernelsOf(words, flags.kernel);
  const { guest, references } = await guestOf(flags);
  const disturbances = disturbancesOf(flags.disturb);
  const sinks = {
    svg: flags.svg === undefined ? null : fileSink('svg', flags.svg),
    html: flags.html === undefined ? null : pageSink(flags.html),
  };
  await removeStaleScratch();
  await needQemu(flags.qemu);

  const line = progressLine(process.stderr);
  const at = new Date();
  const kernels = await acquireAll(entries, signal, line.show);
  const what = kernels.map(({ name }) => name).join('-');
  const folder = await newJobFolder(resolve(flags.results, 'sweep'), what, at);
  const cells = references.map((reference) => cellFor(guest, reference, delayOf(reference, 0)));
  const { qemu, timeout: timeoutS } = flags;
  const bench = openRunner({ cells, qemu, timeoutS, signal, tell: line.show });
  let boots = 0;
  const options: SweepOptions = {
    guest,
    references,
    stepNs: flags.step,
    maxNs: flags.max,
    repeat: flags.repeat ?? (guest.clock === 'deterministic' ? 1 : REAL_REPEAT),
    points: flags.points,
    disturbances,
    jobs: flags.jobs ?? defaultJobs(guest.memoryMiB),
    folder,
    signal,
    tell: (kernel, text) => line.show(`${kernel}: boot ${boots + 1}: ${text}`),
    onPoint: (kernel, point) => {
      const { reference, boots: made, registered } = point;
      boots += made.length;
      const { count, of } = registered;
      const word = of === 1 ? made[0]?.verdict : `registered ${count} of ${of} times`;
      line.show(
        `${kernel}: ${word} with ${addedText(point)} added to reads of the ${NAMES[reference]} (boot ${boots})`,
      );
    },
  };
  try {
    const swept = await sweep(bench, kernels, options);
    const ready = bench.ready();
    if (ready === null) throw new Error('a sweep without a boot');
    const { emulator } = needMachine(resolveMachine(guest, ready), 'run it where it was run');
    const direct = emulator === 'system' ? await findProgram(qemu) : null;
    const report = reportOf(swept, options, await inputsOf(ready, direct));
    line.clear();
    const seconds = Math.round((Date.now() - at.getTime()) / 1000);
    const shown = shownPath(folder);
    const times: SweepTimes = { at: at.toISOString(), seconds, folder: shown, boots };
    const commands = againCommands(words, flags, report);
    await writeFiles(folder, report, times, commands);
    await sinks.svg?.write(svgFile(sweepPlot(report)));
    if (sinks.html !== null) await writePage(sinks.html, sweepPage(report, times, commands));
    process.stdout.write(flags.json === true ? `${json(report)}\n` : textOf(report));
    process.stderr.write(
      `tscmatrix: ${boots} boots; the report is in ${shown}: report.md, report.json, sweep.svg\n`,
    );
    return exitCodeOf(report);
  } catch (error) {
    line.clear();
    // What an interrupted sweep has is no result. What the host failed with is worth a look.
    if (signal.aborted) await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** KERNEL, MATRIX.yaml#NAME, or MATRIX.yaml for all of its kernels that --kernel leaves; each by another name. */
async function kernelsOf(words: readonly string[], globs: readonly string[]): Promise<KernelEntry[]> {
  const entries: KernelEntry[] = [];
  let matrices = 0;
  for (const word of words) {
    if (!/\.ya?ml$/.test(word)) {
      entries.push(await kernelEntry(word));
      continue;
    }
    matrices++;
    const { kernels } = await loadMatrix(word);
    const names = kernels.map(({ name }) => name);
    for (const glob of globs) {
      if (!names.some(globTest(glob)))
        throw new UserError(`--kernel: ${word} has no kernel ${glob}`, suggestion(glob, names));
    }
    entries.push(
      ...kernels.filter(({ name }) => globs.length === 0 || globs.some((glob) => globTest(glob)(name))),
    );
  }
  if (globs.length > 0 && matrices === 0)
    throw new UserError('--kernel chooses among the kernels of a matrix, and none is given');
  const twice = entries.find(({ name }, at) => entries.findIndex((one) => one.name === name) < at);
  if (twice !== undefined)
    throw new UserError(`two kernels are called ${twice.name}`, 'give one of them another file name');
  return entries;
}

interface Guest {
  readonly guest: GuestSpec;
  readonly references: readonly Reference[];
}

async function guestOf({ cell: text, reference }: SweepFlags): Promise<Guest> {
  const { cell } = await readCellSpec(text, []);
  const { guest } = cell;
  const inline = !text.includes('#');
  // An HPET is the default of a guest, so it was asked for only where it is named.
  const said = inline ? /(?:^|,)\s*hpet=/.test(text) : true;
  const asked: Reference = guest.hpet ? 'hpet' : 'pm';
  if (inline && said && reference !== undefined && reference !== asked)
    throw new UserError(
      `--reference ${reference} does not go with hpet=${guest.hpet ? 'on' : 'off'} of --cell`,
      'leave hpet out: --reference says which counter there is to read',
    );
  const references: readonly Reference[] =
    reference === 'both' ? ['pm', 'hpet'] : [reference ?? (said ? asked : 'pm')];
  for (const one of references) checkGuest(guest, one);
  return { guest, references };
}

function disturbancesOf(texts: readonly string[]): Disturbed[] {
  if (texts.length === 1 && texts[0] === 'none') return [];
  return (texts.length === 0 ? LADDER : texts).map((text) => {
    const checked = refDelaySchema.safeParse(text);
    const fault = checked.success ? null : checked.error.issues.map(({ message }) => message).join('; ');
    if (fault !== null) throw new UserError(`--disturb ${text}: ${fault}`);
    const { pmNs, hpetNs, disturbance } = refDelayOf(text);
    if (disturbance === null || pmNs !== hpetNs)
      throw new UserError(
        `--disturb ${text}: ${disturbance === null ? 'no read of it is disturbed' : 'the delay is that of both counters'}`,
        'for example every11+500us, random0.2+500us,seed7 or 5us,every11+500us; none for none',
      );
    return { delayNs: pmNs, disturbance };
  });
}

async function acquireAll(
  entries: readonly KernelEntry[],
  signal: AbortSignal,
  tell: (text: string) => void,
): Promise<KernelImage[]> {
  const cache = await openCache();
  const images: KernelImage[] = [];
  for (const entry of entries) {
    const onProgress = (text: string): void => tell(`${entry.name}: ${text}`);
    images.push(await acquireKernel(entry, { cache, signal, onProgress }));
  }
  return images;
}

function shownPath(folder: string): string {
  const path = relative(process.cwd(), folder);
  return path.startsWith('..') ? folder : path;
}

/** What makes this report again, and the boots on either side of each margin. */
function againCommands(words: readonly string[], flags: SweepFlags, report: SweepReport): string[] {
  const quoted = (text: string): string => (/^[\w./:@#=,+-]+$/.test(text) ? text : `'${text}'`);
  const { guest, options } = report;
  const whole = [
    'tscmatrix sweep',
    ...words.map(quoted),
    ...flags.kernel.map((glob) => `--kernel ${quoted(glob)}`),
    `--cell ${quoted(flags.cell)}`,
    ...(options.references.length > 1 ? ['--reference both'] : [`--reference ${options.references[0]}`]),
    `--step ${options.stepNs}ns --max ${options.maxNs}ns --points ${options.points}`,
    ...(options.repeat === 1 ? [] : [`--repeat ${options.repeat}`]),
    ...(flags.disturb.length === 0 ? [] : flags.disturb.map((text) => `--disturb ${quoted(text)}`)),
  ].join(' ');
  const single = words.length === 1 && !/\.ya?ml$/.test(words[0] ?? '') ? words : [];
  const sides = report.kernels.flatMap(({ references }) =>
    references.flatMap(({ margin }) =>
      single.length === 0 || margin.outcome !== 'flips'
        ? []
        : [margin.registersUpToNs, margin.stopsFromNs].map((delayNs) => {
            const { reference } = margin;
            const cell = cellText(cellFor(guest, reference, delayOf(reference, delayNs ?? 0)).guest);
            return `tscmatrix probe ${single.map(quoted).join()} --cell ${quoted(cell)}`;
          }),
    ),
  );
  return [whole, ...sides];
}

async function writeFiles(
  folder: string,
  report: SweepReport,
  times: SweepTimes,
  commands: readonly string[],
): Promise<void> {
  const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
  try {
    await write('report.json', `${json(report)}\n`);
    await write('times.json', `${json(times)}\n`);
    await write('report.md', renderSweep(report, commands));
    await write('sweep.svg', svgFile(sweepPlot(report)));
  } catch (error) {
    throw new HostError('record-failed', `cannot write the report: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  }
}

function textOf(report: SweepReport): string {
  const table = ({ head, rows }: Rows): string => plainTable(head, rows);
  const said = remarks(report).join('\n');
  return block(
    `${headingOf(report).join('\n')}\n\n${table(marginRows(report))}\n${said}\n\n${table(pointRows(report))}`,
  );
}

function exitCodeOf({ kernels }: SweepReport): number {
  const margins = kernels.flatMap(({ references }) => references.map(({ margin }) => margin));
  const isSound = margins.every(
    ({ outcome, contradictions }) => outcome !== 'unclear' && contradictions.length === 0,
  );
  return isSound ? EXIT.ok : EXIT.unexpected;
}
