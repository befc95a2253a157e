/** A run's or a comparison's cells as a table: kernels are columns, guests are rows. */
import type { Outcome } from '../../verdict/types.ts';
import type { IndexEntry } from './types.ts';

export interface TableColumn {
  readonly kernel: string;
  /** Release, or why there is none. */
  readonly release: string;
}

/** What a cell of the table shows. */
export interface TableCell {
  readonly entry: IndexEntry;
  readonly outcome: Outcome;
  /** Large: the verdict, or what changed. */
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
