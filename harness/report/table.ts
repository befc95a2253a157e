/** The table for a terminal and for a bug report. */
import { styleText } from 'node:util';
import Table from 'cli-table3';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import type { RunView } from '../record/run-view.ts';
import type { Outcome } from '../verdict/types.ts';
import { type CellSummary, type Grid, gridOf, type Note } from './grid.ts';

interface TableStyle {
  readonly colour: boolean;
  /** Lines drawn with box characters; else with + - |. */
  readonly unicode: boolean;
  /** Of the terminal; undefined if there is no limit. */
  readonly columns: number | undefined;
}

/** Cells named in a note; the rest are counted. */
const NAMED = 4;
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

/** A table if it fits, else a list of kernels for each guest. */
export function renderTable(view: RunView, style: TableStyle): string {
  const grid = gridOf(view);
  const table = tablesOf(grid, style).find((text) => fitsIn(text, style.columns));
  const limit = style.columns ?? 110;
  const wrap = (text: string, indent: string) =>
    wrapAnsi(text, Math.max(20, limit - indent.length), { hard: true }).replaceAll('\n', `\n${indent}`);
  const parts = [
    [`tscmatrix ${grid.title}`, ...grid.heading].map((line) => wrap(line, '')).join('\n'),
    ...(grid.rows.length === 0 ? ['No cells.'] : [table ?? listOf(grid, style, wrap)]),
    ...(grid.notes.length === 0 ? [] : [grid.notes.map((note) => wrap(noteText(note), '    ')).join('\n')]),
  ];
  return `${parts.join('\n\n')}\n`;
}

/**
 * Candidates, best first: long row labels may be broken in two, since every row has two lines anyway, and counted reads
 * are left out if they make it too wide.
 */
function tablesOf(grid: Grid, style: TableStyle): string[] {
  const longest = Math.max(0, ...grid.rows.map((row) => stringWidth(row.label)));
  const half = Math.max(12, Math.ceil(longest / 2) + 4);
  return [longest, half].flatMap((columns) =>
    [true, false].map((reads) => tableOf(grid, style, columns, reads)),
  );
}

function fitsIn(text: string, columns: number | undefined): boolean {
  return columns === undefined || text.split('\n').every((line) => stringWidth(line) <= columns);
}

function tableOf(grid: Grid, style: TableStyle, labelColumns: number, reads: boolean): string {
  const table = new Table({
    head: ['guest', ...grid.columns.map((column) => `${column.kernel}\n${column.release}`)],
    style: { head: [], border: [] },
    ...(style.unicode ? {} : { chars: ASCII as never }),
  });
  for (const row of grid.rows) {
    table.push([
      wrapAnsi(row.label, labelColumns),
      ...row.faces.map((face) =>
        face === null ? '' : faceText(reads ? face : { ...face, reads: '' }, '\n', style),
      ),
    ]);
  }
  return table.toString().replaceAll(/ +$/gm, '');
}

function listOf(grid: Grid, style: TableStyle, wrap: (text: string, indent: string) => string): string {
  const blocks = grid.rows.map((row) => {
    const lines = row.faces.flatMap((face, i) => {
      const column = grid.columns[i];
      if (face === null || column === undefined) return [];
      return [`  ${wrap(`${column.kernel} (${column.release}): ${faceText(face, ', ', style)}`, '    ')}`];
    });
    return [wrap(row.label, ''), ...lines].join('\n');
  });
  return blocks.join('\n');
}

function faceText(face: CellSummary, separator: string, style: TableStyle): string {
  const head = paint(face.head, face.outcome, style.colour);
  const below = [face.detail, face.reads].filter((text) => text !== '').join(', ');
  return below === '' ? head : `${head}${separator}${below}`;
}

export function noteText(note: Note): string {
  const named = note.about.slice(0, NAMED).join('; ');
  const rest = note.about.length - NAMED;
  return `[${note.number}] ${named}${rest > 0 ? ` and ${rest} more` : ''}: ${note.text}`;
}
