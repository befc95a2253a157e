/** The report of a sweep as markdown, for people and for pasting into an issue. */
import { block, markdown as safe } from '../base/safe-text.ts';
import { plainTable } from '../base/table.ts';
import type { SweepReport } from './report.ts';
import { marginRows, pointRows, type Rows, remarks } from './rows.ts';

export function renderSweep(report: SweepReport, commands: readonly string[]): string {
  return `${[
    '## tscmatrix sweep',
    headingOf(report).map(safe).join('<br>\n'),
    tableOf(marginRows(report)),
    remarks(report)
      .map((text) => `- ${safe(text)}`)
      .join('\n'),
    tableOf(pointRows(report)),
    `Again:\n\n${commands.map((command) => `    ${command}`).join('\n')}`,
  ].join('\n\n')}\n`;
}

export function headingOf({ cell, guest, options, kernels, inputs }: SweepReport): string[] {
  const { stepNs, repeat } = options;
  const boots = kernels.flatMap(({ references }) => references.map(({ margin }) => margin.boots));
  const { appliance, pinnedQemu } = inputs;
  return [
    `${kernels.length} ${kernels.length === 1 ? 'kernel' : 'kernels'}; guest ${cell === '' ? 'as by default' : cell}; clock ${guest.clock}; step ${stepNs} ns; ${repeat} ${repeat === 1 ? 'boot' : 'boots'} of each point; ${boots.reduce((sum, one) => sum + one, 0)} boots for the margins`,
    [
      pinnedQemu === null ? '' : `pinned QEMU ${pinnedQemu.version}`,
      appliance === null
        ? ''
        : `appliance Linux ${appliance.kernelRelease} (${appliance.sha256.slice(0, 12)})`,
    ]
      .filter((text) => text !== '')
      .join(', '),
    ...kernels.map(({ name, release, sha256 }) => `${name}: ${release}, sha256 ${sha256.slice(0, 12)}`),
  ].filter((line) => line !== '');
}

function tableOf({ head, rows }: Rows): string {
  return [head, head.map(() => '---'), ...rows.map((row) => row.map(safe))]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

export function sweepText(report: SweepReport): string {
  const table = ({ head, rows }: Rows): string => plainTable(head, rows);
  const remarkText = remarks(report).join('\n');
  return block(
    `${headingOf(report).join('\n')}\n\n${table(marginRows(report))}\n${remarkText}\n\n${table(pointRows(report))}`,
  );
}
