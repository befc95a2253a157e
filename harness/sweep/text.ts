/** A sweep for a terminal. */
import { block } from '../base/safe-text.ts';
import { plainTable } from '../base/table.ts';
import { headingOf } from './markdown.ts';
import type { SweepReport } from './report.ts';
import { marginRows, pointRows, type Rows, remarks } from './rows.ts';

export function sweepText(report: SweepReport): string {
  const table = ({ head, rows }: Rows): string => plainTable(head, rows);
  const said = remarks(report).join('\n');
  return block(
    `${headingOf(report).join('\n')}\n\n${table(marginRows(report))}\n${said}\n\n${table(pointRows(report))}`,
  );
}
