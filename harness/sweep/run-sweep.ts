/** A sweep as a job: kernels are fetched, swept, and what was found is kept in a folder of its own. */
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HostFault, Interrupted } from '../base/errors.ts';
import { json } from '../base/safe-text.ts';
import { openCache } from '../host/cache.ts';
import { findProgram } from '../host/program.ts';
import { removeStaleScratch } from '../host/scratch.ts';
import { fileSink } from '../host/sink.ts';
import { acquireKernel, type KernelImage } from '../kernel/acquire.ts';
import { cellText } from '../lab/cell-spec.ts';
import { newJobFolder, shownPath } from '../lab/files.ts';
import { needMachine, resolveMachine } from '../lab/machine.ts';
import { cellFor, delayOf } from '../lab/margin/guests.ts';
import { REAL_REPEAT } from '../lab/margin/margin.ts';
import { needQemu } from '../lab/need-qemu.ts';
import { openRunner } from '../lab/runner.ts';
import { defaultJobs } from '../lab/schedule.ts';
import { isMatrixPath } from '../matrix/builtin.ts';
import type { KernelEntry } from '../matrix/types.ts';
import { pageSink, writePage } from '../report/html/write-page.ts';
import { renderSweep } from './markdown.ts';
import { sweepPage } from './page.ts';
import { sweepPlot } from './plot.ts';
import { inputsOf, reportOf, type SweepReport, type SweepTimes } from './report.ts';
import { disturbancesOf, guestOf, kernelsOf, type SweepRequest } from './request.ts';
import { addedText } from './rows.ts';
import { svgFile } from './svg-file.ts';
import { NAMES, type SweepOptions, sweep } from './sweep.ts';

interface SweepDone {
  readonly report: SweepReport;
  readonly times: SweepTimes;
  /** Every margin was found, whatever it is: each boot gave an answer, and none contradicts another. */
  readonly isSound: boolean;
}

/** `words` name kernels, as typed. Throws UserError, before a boot, for what cannot be swept or written. */
export async function runSweep(
  words: readonly string[],
  request: SweepRequest,
  onProgress: (text: string) => void,
): Promise<SweepDone> {
  const entries = await kernelsOf(words, request.kernel);
  const { guest, references } = await guestOf(request);
  const disturbances = disturbancesOf(request.disturb);
  const sinks = {
    svg: request.svg === undefined ? null : fileSink('svg', request.svg),
    html: request.html === undefined ? null : pageSink(request.html),
  };
  await removeStaleScratch();
  await needQemu(request.qemu);

  const at = new Date();
  const kernels = await acquireAll(entries, onProgress);
  const what = kernels.map(({ name }) => name).join('-');
  const folder = await newJobFolder(resolve(request.results, 'sweep'), what, at);
  const cells = references.map((reference) => cellFor(guest, reference, delayOf(reference, 0)));
  const { qemu, timeout: timeoutS } = request;
  const runner = openRunner({ cells, qemu, timeoutS, onProgress });
  let boots = 0;
  const options: SweepOptions = {
    guest,
    references,
    stepNs: request.step,
    maxNs: request.max,
    repeat: request.repeat ?? (guest.clock === 'deterministic' ? 1 : REAL_REPEAT),
    points: request.points,
    disturbances,
    jobs: request.jobs ?? defaultJobs(guest.memoryMiB),
    folder,
    onProgress: (kernel, text) => onProgress(`${kernel}: boot ${boots + 1}: ${text}`),
    onPoint: (kernel, point) => {
      const { reference, boots: made, registered } = point;
      boots += made.length;
      const { count, of } = registered;
      const word = of === 1 ? made[0]?.verdict : `registered ${count} of ${of} times`;
      onProgress(
        `${kernel}: ${word} with ${addedText(point)} added to reads of the ${NAMES[reference]} (boot ${boots})`,
      );
    },
  };
  try {
    const swept = await sweep(runner, kernels, options);
    const ready = runner.ready();
    if (ready === null) throw new Error('a sweep without a boot');
    const { emulator } = needMachine(resolveMachine(guest, ready), 'run it where it was run');
    const direct = emulator === 'system' ? await findProgram(qemu) : null;
    const report = reportOf(swept, options, await inputsOf(ready, direct));
    const seconds = Math.round((Date.now() - at.getTime()) / 1000);
    const times: SweepTimes = { at: at.toISOString(), seconds, folder: shownPath(folder), boots };
    const commands = againCommands(words, request, report);
    await writeFiles(folder, report, times, commands);
    await sinks.svg?.write(svgFile(sweepPlot(report)));
    if (sinks.html !== null) await writePage(sinks.html, sweepPage(report, times, commands));
    return { report, times, isSound: isSound(report) };
  } catch (error) {
    // What an interrupted sweep has is no result. What the host failed with is worth a look.
    if (error instanceof Interrupted) await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function acquireAll(
  entries: readonly KernelEntry[],
  onProgress: (text: string) => void,
): Promise<KernelImage[]> {
  const cache = await openCache();
  const images: KernelImage[] = [];
  for (const entry of entries) {
    const image = acquireKernel(entry, { cache, onProgress: (text) => onProgress(`${entry.name}: ${text}`) });
    images.push(await image);
  }
  return images;
}

function isSound({ kernels }: SweepReport): boolean {
  return kernels.every(({ references }) =>
    references.every(
      ({ margin: { outcome, contradictions } }) => outcome !== 'unclear' && contradictions.length === 0,
    ),
  );
}

/** What makes this report again, and the boots on either side of each margin. */
export function againCommands(
  words: readonly string[],
  request: SweepRequest,
  report: SweepReport,
): string[] {
  const quoted = (text: string): string => (/^[\w./:@#=,+-]+$/.test(text) ? text : `'${text}'`);
  const { guest, options } = report;
  const whole = [
    'tscmatrix sweep',
    ...words.map(quoted),
    ...request.kernel.map((glob) => `--kernel ${quoted(glob)}`),
    `--cell ${quoted(request.cell)}`,
    ...(options.references.length > 1 ? ['--reference both'] : [`--reference ${options.references[0]}`]),
    `--step ${options.stepNs}ns --max ${options.maxNs}ns --points ${options.points}`,
    ...(options.repeat === 1 ? [] : [`--repeat ${options.repeat}`]),
    ...(request.disturb.length === 0 ? [] : request.disturb.map((text) => `--disturb ${quoted(text)}`)),
  ].join(' ');
  const single = words.length === 1 && !isMatrixPath(words[0] ?? '') ? words : [];
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

export async function writeFiles(
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
    throw new HostFault('record-failed', `cannot write the report: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  }
}
