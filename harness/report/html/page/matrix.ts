/** The table: which of its cells are shown, and moving among them with the keyboard. */
import { byId } from './dom.ts';

export interface Matrix {
  readonly cells: ReadonlyMap<number, HTMLElement>;
  /** Shows the cells of these places, and the rows and columns that have any. */
  show(places: ReadonlySet<number>): void;
  /** Places of the shown cells, row by row. */
  shown(): readonly number[];
  focus(place: number): void;
}

const PAGE_ROWS = 10;

export function startMatrix(open: (place: number) => void): Matrix {
  const table = byId('matrix');
  const rows = [...(table?.querySelectorAll<HTMLElement>('tbody tr') ?? [])];
  /** By row, then by column; null if the plan has no cell. */
  const grid = rows.map((row) =>
    [...row.querySelectorAll<HTMLElement>('td')].map((td) => (td.dataset.i === undefined ? null : td)),
  );
  const cells = new Map<number, HTMLElement>();
  for (const cell of grid.flat()) if (cell !== null) cells.set(Number(cell.dataset.i), cell);
  let current: HTMLElement | null = null;

  const usable = (row: number, column: number): HTMLElement | null => {
    const cell = grid[row]?.[column] ?? null;
    return cell === null || rows[row]?.hidden || cell.classList.contains('off') ? null : cell;
  };
  /** One cell of the table is in the order of Tab: the one that had the focus last. */
  const rove = (cell: HTMLElement | null): void => {
    if (current !== null) current.tabIndex = -1;
    current = cell;
    if (cell !== null) cell.tabIndex = 0;
  };
  const first = (): HTMLElement | null => {
    for (const [r, row] of grid.entries())
      for (const c of row.keys()) if (usable(r, c) !== null) return usable(r, c);
    return null;
  };
  const move = (event: KeyboardEvent, cell: HTMLElement): void => {
    const row = grid.findIndex((line) => line.includes(cell));
    const column = grid[row]?.indexOf(cell) ?? 0;
    const target = targetOf(event, row, column, grid, usable);
    if (target === undefined) return;
    event.preventDefault();
    target?.focus();
  };

  table?.addEventListener('keydown', (event) => {
    const cell = (event.target as HTMLElement).closest<HTMLElement>('td[data-i]');
    if (cell === null || event.altKey || event.metaKey) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      open(Number(cell.dataset.i));
    } else move(event, cell);
  });
  table?.addEventListener('click', (event) => {
    const cell = (event.target as HTMLElement).closest<HTMLElement>('td[data-i]:not(.off)');
    // Text that is being selected is no click.
    if (cell !== null && String(getSelection() ?? '') === '') open(Number(cell.dataset.i));
  });
  table?.addEventListener('focusin', (event) => {
    const cell = (event.target as HTMLElement).closest<HTMLElement>('td[data-i]');
    if (cell !== null) rove(cell);
  });
  rove(first());

  return {
    cells,
    show(places) {
      const columns = new Set<number>();
      for (const [r, line] of grid.entries()) {
        let any = false;
        for (const [c, cell] of line.entries()) {
          if (cell === null) continue;
          const on = places.has(Number(cell.dataset.i));
          cell.classList.toggle('off', !on);
          if (on) columns.add(c);
          any ||= on;
        }
        const row = rows[r];
        if (row !== undefined) row.hidden = !any;
      }
      hideColumns(table, columns);
      const nothing = byId('nothing');
      if (nothing !== null) nothing.hidden = columns.size > 0;
      if (current === null || current.classList.contains('off')) rove(first());
    },
    shown: () => grid.flatMap((line, r) => line.flatMap((_, c) => usable(r, c)?.dataset.i ?? [])).map(Number),
    focus: (place) => cells.get(place)?.focus(),
  };
}

function hideColumns(table: HTMLElement | null, shown: ReadonlySet<number>): void {
  for (const cell of table?.querySelectorAll<HTMLElement>('[data-col]') ?? []) {
    const hide = !shown.has(Number(cell.dataset.col));
    if (cell.hidden !== hide) cell.hidden = hide;
  }
}

type Grid = readonly (readonly (HTMLElement | null)[])[];
type Usable = (row: number, column: number) => HTMLElement | null;

/** If a key leads: undefined for a key that moves nothing, null if there is no cell that way. */
function targetOf(
  { key, ctrlKey }: KeyboardEvent,
  row: number,
  column: number,
  grid: Grid,
  usable: Usable,
): HTMLElement | null | undefined {
  const width = grid[row]?.length ?? 0;
  const seek = (
    rowStep: number,
    columnStep: number,
    fromRow: number,
    fromColumn: number,
  ): HTMLElement | null => {
    let [r, c] = [fromRow, fromColumn];
    for (; r >= 0 && r < grid.length && c >= 0 && c < width; r += rowStep, c += columnStep) {
      const cell = usable(r, c);
      if (cell !== null) return cell;
    }
    return null;
  };
  const last = grid.length - 1;
  switch (key) {
    case 'ArrowRight':
      return seek(0, 1, row, column + 1);
    case 'ArrowLeft':
      return seek(0, -1, row, column - 1);
    case 'ArrowDown':
      return seek(1, 0, row + 1, column);
    case 'ArrowUp':
      return seek(-1, 0, row - 1, column);
    case 'Home':
      return ctrlKey ? seek(1, 0, 0, column) : seek(0, 1, row, 0);
    case 'End':
      return ctrlKey ? seek(-1, 0, last, column) : seek(0, -1, row, width - 1);
    case 'PageDown':
      return seek(1, 0, Math.min(last, row + PAGE_ROWS), column) ?? seek(-1, 0, last, column);
    case 'PageUp':
      return seek(-1, 0, Math.max(0, row - PAGE_ROWS), column) ?? seek(1, 0, 0, column);
    default:
      return undefined;
  }
}
