/** What a sweep leaves: its report in every form, and the commands that make it again. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault } from '../base/errors.ts';
import { json } from '../base/safe-text.ts';
import { cellText } from '../lab/cell-spec.ts';
import { cellFor, delayOf } from '../lab/margin/guests.ts';
import { renderSweep } from './markdown.ts';
import { sweepPlot } from './plot.ts';
import type { SweepReport, SweepTimes } from './report.ts';
import type { SweepRequest } from './request.ts';
import { svgFile } from './svg-file.ts';

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
