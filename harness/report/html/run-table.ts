/** The cells of a run, ready for the table and for the filter. */

import { furthest } from '../../base/figures.ts';
import { type CellView, type KernelView, type RunView, resultOf } from '../../record/run-view.ts';
import { labelOf } from '../grid.ts';
import { clockText, figuresText, shortRelease } from '../words.ts';
import { verdictsOf } from './cell-page.ts';
import type { MeasuredCosts } from './evidence-file.ts';
import { visible } from './markup.ts';
import type { TableCell, TableColumn } from './table-data.ts';
import type { IndexEntry } from './types.ts';

export function columnsOf(view: RunView): TableColumn[] {
  return [...view.kernels].map(([kernel, state]) => ({
    kernel: visible(kernel),
    release: releaseText(state),
  }));
}

function releaseText(state: KernelView): string {
  if (state.ready !== null) return shortRelease(state.ready);
  return state.failed === null ? 'not fetched' : 'unavailable';
}

export function runCell(cell: CellView, costs: MeasuredCosts | null): TableCell {
  const { outcome } = resultOf(cell);
  const entry = indexEntry(cell, costs);
  const head = entry.verdicts.join(', ') || (outcome === 'infra-error' ? 'no result' : outcome);
  return { entry, outcome, head, detail: detailOf(cell) };
}

export function indexEntry(cell: CellView, costs: MeasuredCosts | null): IndexEntry {
  const { outcome, reason } = resultOf(cell);
  const ends = cell.boots.flatMap(({ finished }) => (finished === null ? [] : [finished]));
  const observations = ends.map((end) => end.observation);
  const axes = Object.entries(cell.cell.axes).map(([name, value]) => [visible(name), visible(value)]);
  const causes = observations.flatMap(({ diagnosis }) => (diagnosis === null ? [] : [diagnosis.cause]));
  const hosts = ends.flatMap((end) => end.host ?? []);
  const words = [...hosts, reason, ...observations.flatMap((o) => [o.current ?? '', ...(o.available ?? [])])];
  return {
    id: visible(cell.cell.id),
    kernel: visible(cell.cell.kernel),
    row: labelOf(cell.cell),
    axes: Object.fromEntries(axes),
    outcome,
    verdicts: verdictsOf(cell),
    causes: [...new Set(causes)],
    words: visible([...new Set(words)].join(' ')),
    figures: {
      ppm: furthest(observations.map(({ ppm }) => ppm)),
      pmCycles: median(costs, 'pm'),
      hpetCycles: median(costs, 'hpet'),
      cpuMs: ends.length === 0 ? null : ends.reduce((sum, end) => sum + end.cpuMs, 0),
    },
  };
}

function detailOf(cell: CellView): string {
  const ends = cell.boots.flatMap(({ finished }) => finished ?? []);
  return visible([clockText(ends), figuresText(ends)].filter((part) => part !== '').join(', '));
}

function median(costs: MeasuredCosts | null, source: string): number | null {
  const cost = costs?.costs.find((one) => one.source === source);
  return cost?.kind === 'measured' ? cost.median : null;
}
