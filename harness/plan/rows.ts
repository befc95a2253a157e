/** Tables have kernels as columns and guests as rows. */
import type { Cell } from './types.ts';

/** The row of a cell: its axis values without the kernel, as in "hpet=off smp=2"; "default" if there are none. */
export function rowOf(cell: Pick<Cell, 'axes'>): string {
  const parts = Object.entries(cell.axes)
    .filter(([name]) => name !== 'kernel')
    .map(([name, value]) => `${name}=${/[\s"]/.test(value) || value === '' ? JSON.stringify(value) : value}`);
  return parts.length === 0 ? 'default' : parts.join(' ');
}
