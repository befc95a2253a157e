/** A run's or a comparison's cells as a table: kernels are columns, guests are rows. */
import type { Outcome } from '../../verdict/types.ts';
import { html, type Markup } from './markup.ts';
import { CHANGE_CLASS, CHANGE_MARKS, OUTCOME_MARKS } from './symbols.ts';
import type { IndexEntry } from './types.ts';

export interface TableColumn {
  readonly kernel: string;
  /** Release, or why there is none. */
  readonly release: string;
}

export interface TableCell {
  readonly entry: IndexEntry;
  readonly outcome: Outcome;
  /** Large: the clocksources, or what changed. */
  readonly head: string;
  /** Small, below. */
  readonly detail: string;
}

export interface TableRow {
  /** Axis values, in the order of the matrix. */
  readonly axes: readonly (readonly [axis: string, value: string])[];
  readonly label: string;
  /** One for each column: the cell's place in `cells`, null if there is none. */
  readonly places: readonly (number | null)[];
}

export interface TableData {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
  /** Row by row. */
  readonly cells: readonly TableCell[];
}

/** Lays out cells, each with the label of its row. Two cells of one kernel with one label get rows of their own. */
export function tableOf(columns: readonly TableColumn[], cells: readonly TableCell[]): TableData {
  const at = new Map(columns.map((column, i) => [column.kernel, i]));
  const rows = new Map<string, (TableCell | null)[]>();
  for (const cell of cells) {
    const column = at.get(cell.entry.kernel) ?? 0;
    let label = cell.entry.row;
    if (rows.get(label)?.[column] != null) label = `${label} (${cell.entry.id})`;
    const row = rows.get(label) ?? columns.map(() => null);
    row[column] = cell;
    rows.set(label, row);
  }
  const ordered: TableCell[] = [];
  const laid = [...rows].map(([label, row]): TableRow => {
    const places = row.map((cell) => (cell === null ? null : ordered.push(cell) - 1));
    const axes = row.find((cell) => cell !== null)?.entry.axes ?? {};
    return { label, axes: Object.entries(axes).filter(([name]) => name !== 'kernel'), places };
  });
  return { columns, rows: laid, cells: ordered };
}

/** Pixels; all grow alike if there is room. */
const GUEST_WIDTH = 260;
const CELL_WIDTH = 176;

export function tableMarkup(table: TableData, caption: string): Markup {
  if (table.cells.length === 0) return html`<p class="empty">No cells.</p>`;
  const head = table.columns.map(
    ({ kernel, release }, i) =>
      html`<th role="columnheader" scope="col" data-col="${i}"><span>${kernel}</span><small class="release">${release}</small></th>`,
  );
  return html`<div class="scroll"><table role="grid" id="matrix" aria-label="${caption}">
<colgroup><col width="${GUEST_WIDTH}">${table.columns.map((_, i) => html`<col width="${CELL_WIDTH}" data-col="${i}">`)}</colgroup>
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col" class="corner">guest</th>${head}</tr></thead>
<tbody role="rowgroup">
${table.rows.map((row) => rowMarkup(row, table))}</tbody></table></div>
<p id="nothing" class="empty" hidden>No cell passes the filter.</p>`;
}

function rowMarkup(row: TableRow, table: TableData): Markup {
  const cells = row.places.map((place, column) => {
    const cell = place === null ? undefined : table.cells[place];
    return cell === undefined || place === null
      ? html`<td role="gridcell" class="none" data-col="${column}"></td>`
      : cellMarkup(cell, place, column, table);
  });
  return html`<tr role="row"><th role="rowheader" scope="row">${rowLabel(row)}</th>${cells}</tr>
`;
}

function rowLabel({ axes, label }: TableRow): Markup {
  if (axes.length === 0) return html`<span class="axis"><b>${label}</b></span>`;
  return html`${axes.map(([name, value]) => html`<span class="axis">${name}=<b>${value === '' ? '""' : value}</b></span> `)}`;
}

function cellMarkup(cell: TableCell, place: number, column: number, table: TableData): Markup {
  const { change } = cell.entry;
  const mark = change === undefined ? OUTCOME_MARKS[cell.outcome] : CHANGE_MARKS[change];
  const look = change === undefined ? cell.outcome : CHANGE_CLASS[change];
  const kernel = table.columns[column]?.kernel ?? '';
  return html`<td role="gridcell" tabindex="-1" class="cell o-${look}" data-i="${place}" data-col="${column}" data-kernel="${kernel}" aria-haspopup="dialog"><i aria-hidden="true">${mark}</i><span class="sr">${change ?? cell.outcome}: </span><b>${cell.head}</b><small>${cell.detail}</small></td>`;
}
