/** Markdown, for job summaries of a CI and for pasting into an issue. */

import { markdown as safe } from '../base/safe-text.ts';
import type { RunView } from '../record/run-view.ts';
import { type CellSummary, type Grid, gridOf, LEGEND, type Note } from './grid.ts';

export function renderMarkdown(view: RunView): string {
  const grid = gridOf(view);
  const parts = [
    `## tscmatrix ${safe(grid.title)}`,
    grid.heading.map(safe).join('<br>\n'),
    grid.rows.length === 0 ? 'No cells.' : tableText(grid),
    ...(grid.notes.length === 0 ? [] : [notesText(grid)]),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Kernels as columns, guests as rows; what the lines of a cell are below. */
export function tableText(grid: Grid): string {
  const head = [
    'guest',
    ...grid.columns.map((column) => `${safe(column.kernel)}<br>${safe(column.release)}`),
  ];
  return [
    tableRow(head),
    tableRow(head.map(() => '---')),
    ...grid.rows.map((row) => tableRow([safe(row.label), ...row.faces.map(faceText)])),
    '',
    safe(LEGEND),
  ].join('\n');
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function faceText(face: CellSummary | null): string {
  if (face === null) return '';
  const judged = face.outcome === 'expected' ? safe(face.judged) : `**${safe(face.judged)}**`;
  return [...face.finding.map(safe), judged].join('<br>');
}

/** What the numbers in the table stand for. */
export function notesText({ notes }: Grid): string {
  return notes.map(noteText).join('\n');
}

/** A list item that shows the same number as the table. */
function noteText(note: Note): string {
  return `- \\[${note.number}\\] ${note.about.map(safe).join('; ')}: ${safe(note.text)}`;
}
