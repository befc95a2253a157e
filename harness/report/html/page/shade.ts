/** Shades the table by a figure in place of the outcome: the darker, the larger. The figure itself is shown as well. */
import type { FigureName, IndexEntry } from '../types.ts';
import type { Matrix } from './matrix.ts';

const STEPS = 5;

export function shade(entries: readonly IndexEntry[], matrix: Matrix, name: string): void {
  const figures = entries.map((entry) => (name === '' ? null : size(entry.figures[name as FigureName])));
  const known = figures.flatMap((figure) => figure ?? []).sort((a, b) => a - b);
  for (const [i, entry] of entries.entries()) {
    const cell = matrix.cells.get(i);
    if (cell === undefined) continue;
    const figure = figures[i] ?? null;
    if (name === '') {
      delete cell.dataset.shade;
      delete cell.dataset.figure;
      continue;
    }
    cell.dataset.shade = figure === null ? 'none' : String(stepOf(figure, known));
    cell.dataset.figure = figureText(entry.figures[name as FigureName], name as FigureName);
  }
}

/** Costs span orders of magnitude, and so does the distance from the true frequency. */
function size(figure: number | null): number | null {
  return figure === null ? null : Math.log10(Math.max(Math.abs(figure), 0.01));
}

function stepOf(figure: number, sorted: readonly number[]): number {
  const [low = 0, high = 0] = [sorted[0], sorted.at(-1)];
  if (high - low < 1e-9) return 0;
  return Math.min(STEPS - 1, Math.floor((STEPS * (figure - low)) / (high - low)));
}

function figureText(figure: number | null, name: FigureName): string {
  if (figure === null) return 'not known';
  if (name === 'ppm') return `${figure > 0 ? '+' : ''}${figure.toFixed(1)} ppm`;
  return name === 'cpuMs' ? `${(figure / 1000).toFixed(1)} s` : `${figure.toLocaleString('en')} cycles`;
}
