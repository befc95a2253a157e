/** The cells of a run, ready for the table and for the filter. */

import { furthest } from '../../base/figures.ts';
import { type CellView, type KernelView, type RunView, resultOf } from '../../record/run-view.ts';
import { labelOf } from '../grid.ts';
import { chosenText } from '../machines.ts';
import { figuresText, findingOf, howText, shortRelease, sourcesText } from '../words.ts';
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
  const ends = cell.boots.flatMap(({ finished }) => finished ?? []);
  const [how, figures] = [howText(ends, chosenText(cell)), figuresText(ends)];
  const head = sourcesText(ends) || how || (outcome === 'infra-error' ? 'no result' : outcome);
  const lines = [head === how ? '' : how, figures].filter((line) => line !== '');
  return { entry, outcome, head: visible(head), detail: lines.map(visible).join('\n') };
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
    finding: findingOf(ends),
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

function median(costs: MeasuredCosts | null, source: string): number | null {
  const cost = costs?.costs.find((one) => one.source === source);
  return cost?.kind === 'measured' ? cost.median : null;
}
