/** TAP version 14 (testanything.org): one test point for each cell, in the order of the plan. */

import { json, oneLine } from '../base/safe-text.ts';
import { type CellView, type RunView, resultOf } from '../record/run-view.ts';
import { headingOf, labelOf } from './grid.ts';
import { observationText } from './words.ts';

export function renderTap(view: RunView): string {
  const cells = [...view.cells.values()];
  const plan = cells.length === 0 ? '1..0 # SKIP no cells' : `1..${cells.length}`;
  const comments = headingOf(view).map((line) => `# ${line}`);
  return `${['TAP version 14', plan, ...comments, ...cells.flatMap(point)].join('\n')}\n`;
}

function point(cell: CellView, index: number): string[] {
  const { outcome, reason } = resultOf(cell);
  const passed = outcome === 'expected' || outcome === 'skipped';
  const directive = outcome === 'skipped' ? ` # SKIP ${escapeTap(reason)}` : '';
  const description = escapeTap(`${cell.cell.kernel} ${labelOf(cell.cell)}`);
  const line = `${passed ? 'ok' : 'not ok'} ${index + 1} - ${description}${directive}`;
  return passed ? [line] : [line, ...diagnostic(cell, outcome, reason)];
}

/** JSON strings are YAML strings, so nothing in them can end the block. */
function diagnostic(cell: CellView, outcome: string, reason: string): string[] {
  const boots = cell.boots.map(({ boot, finished }) =>
    finished === null ? `boot ${boot}: not finished` : `boot ${boot}: ${observationText(finished)}`,
  );
  return [
    '  ---',
    `  outcome: ${outcome}`,
    `  message: ${quote(reason)}`,
    `  cell: ${quote(cell.cell.id)}`,
    ...(boots.length === 0 ? [] : ['  boots:', ...boots.map((text) => `    - ${quote(text)}`)]),
    '  ...',
  ];
}

function quote(text: string): string {
  return json(oneLine(text));
}

/** "#" begins a directive and the backslash escapes, in descriptions and after SKIP alike. */
function escapeTap(text: string): string {
  return oneLine(text).replaceAll(/[\\#]/g, (c) => `\\${c}`);
}
