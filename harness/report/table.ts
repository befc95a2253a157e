/** The table for a terminal and for a bug report. */
import { styleText } from 'node:util';
import Table from 'cli-table3';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import type { RunView } from '../record/run-view.ts';
import type { Outcome } from '../verdict/types.ts';
import { type CellSummary, type Grid, gridOf, LEGEND, type Note } from './grid.ts';

interface TableStyle {
  readonly colour: boolean;
  /** Lines drawn with box characters; else with + - |. */
  readonly unicode: boolean;
  /** Of the terminal; undefined if there is no limit. */
  readonly columns: number | undefined;
}

/** Cells named in a note; the rest are counted. */
const NAMED = 4;
/** A cell that is broken at less reads badly: "known-frequency, TSC". */
const CELL_COLUMNS = 18;
/** Beside the text of a column: a line and a space on both sides. */
const BORDER_COLUMNS = 3;
const ASCII = {
  top: '-',
  'top-mid': '+',
  'top-left': '+',
  'top-right': '+',
  bottom: '-',
  'bottom-mid': '+',
  'bottom-left': '+',
  'bottom-right': '+',
  left: '|',
  'left-mid': '+',
  mid: '-',
  'mid-mid': '+',
  right: '|',
  'right-mid': '+',
  middle: '|',
};
const COLOURS: Readonly<Record<Outcome, 'green' | 'red' | 'yellow' | 'magenta' | 'dim'>> = {
  expected: 'green',
  unexpected: 'red',
  flaky: 'yellow',
  skipped: 'dim',
  'infra-error': 'magenta',
};

export function paint(text: string, outcome: Outcome, colour: boolean): string {
  return colour ? styleText(COLOURS[outcome], text, { validateStream: false }) : text;
}

/** Kernels side by side as far as they fit, the rest of them in tables below. */
export function renderTable(view: RunView, style: TableStyle): string {
  const grid = gridOf(view);
  const limit = style.columns ?? 110;
  const wrap = (text: string, indent: string) =>
    wrapAnsi(text, Math.max(20, limit - indent.length), { hard: true }).replaceAll('\n', `\n${indent}`);
  const parts = [
    [`tscmatrix ${grid.title}`, ...grid.heading].map((line) => wrap(line, '')).join('\n'),
    ...(grid.rows.length === 0 ? ['No cells.'] : [...tablesOf(grid, style), wrap(LEGEND, '')]),
    ...(grid.notes.length === 0 ? [] : [grid.notes.map((note) => wrap(noteText(note), '    ')).join('\n')]),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** As few tables as it takes. Cells and labels are broken at spaces, cells to no less than CELL_COLUMNS while there is another way. */
function tablesOf(grid: Grid, style: TableStyle): string[] {
  const all = grid.columns.length;
  for (let tables = 1; ; tables++) {
    const size = Math.ceil(all / tables);
    const groups = Array.from({ length: Math.ceil(all / size) }, (_, i) =>
      partOf(grid, i * size, (i + 1) * size),
    );
    const columns = groups.map((group) => cellColumns(group, style.columns));
    if (size === 1 || columns.every((one) => one >= CELL_COLUMNS))
      return groups.map((group, i) => tableOf(group, style, columns[i] ?? CELL_COLUMNS));
  }
}

/** The kernels from one column on, and the guests that they have. */
function partOf({ columns, rows, ...rest }: Grid, from: number, to: number): Grid {
  const parts = rows.map(({ label, faces }) => ({ label, faces: faces.slice(from, to) }));
  return {
    ...rest,
    columns: columns.slice(from, to),
    rows: parts.filter(({ faces }) => faces.some((face) => face !== null)),
  };
}

/** Of labels: broken in about three, since cells have four lines, but no word of them unless a third of the terminal is too little for it. */
function labelColumns({ rows }: Grid, limit: number): number {
  const longest = Math.max(5, ...rows.map(({ label }) => stringWidth(label)));
  const word = Math.max(0, ...rows.flatMap(({ label }) => label.split(' ').map((part) => stringWidth(part))));
  return Math.min(longest, Math.max(word, Math.ceil(longest / 3) + 2), Math.max(8, Math.floor(limit / 3)));
}

/** What each cell may take if all take the same. */
function cellColumns(grid: Grid, limit: number | undefined): number {
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  const room = limit - 1 - (labelColumns(grid, limit) + BORDER_COLUMNS);
  return Math.max(8, Math.floor(room / grid.columns.length) - BORDER_COLUMNS);
}

function tableOf(grid: Grid, style: TableStyle, columns: number): string {
  const broken = (text: string, width: number): string =>
    width === Number.POSITIVE_INFINITY ? text : wrapAnsi(text, width, { hard: true });
  const label = style.columns === undefined ? columns : labelColumns(grid, style.columns);
  const table = new Table({
    head: ['guest', ...grid.columns.map(({ kernel, release }) => broken(`${kernel}\n${release}`, columns))],
    style: { head: [], border: [] },
    ...(style.unicode ? {} : { chars: ASCII as never }),
  });
  for (const row of grid.rows)
    table.push([
      broken(row.label, label),
      ...row.faces.map((face) => (face === null ? '' : broken(faceText(face, style), columns))),
    ]);
  return table.toString().replaceAll(/ +$/gm, '');
}

function faceText({ finding, judged, outcome }: CellSummary, style: TableStyle): string {
  return [...finding, paint(judged, outcome, style.colour)].join('\n');
}

export function noteText(note: Note): string {
  const named = note.about.slice(0, NAMED).join('; ');
  const rest = note.about.length - NAMED;
  return `[${note.number}] ${named}${rest > 0 ? ` and ${rest} more` : ''}: ${note.text}`;
}
