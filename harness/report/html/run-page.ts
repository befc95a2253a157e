/** A stored run as one self-contained page. */
import type { Rate } from '../../base/rate.ts';
import type { CellHistory, Night } from '../../history/types.ts';
import type { RunRecord } from '../../record/reader.ts';
import { type CellView, countOutcomes, resultOf } from '../../record/run-view.ts';
import { OUTCOMES } from '../../verdict/types.ts';
import { cellPage } from './cell-page.ts';
import { documentParts } from './document.ts';
import type { MeasuredCosts } from './evidence-file.ts';
import { filterBar } from './filters.ts';
import { html, visible } from './markup.ts';
import { makePacker, type Packer } from './packer.ts';
import { attention, runFooter, runHeader } from './run-header.ts';
import { columnsOf, runCell } from './run-table.ts';
import { tableMarkup, tableOf } from './table-data.ts';
import type { HistoryPage, NightPage } from './types.ts';

interface RunPageOptions {
  /** The cell's last nights; null if nothing is known of it. */
  readonly historyOf?: (cellId: string) => CellHistory | null;
  readonly packer?: Packer;
}

interface Made {
  readonly packed: string;
  readonly costs: MeasuredCosts | null;
  /** Of this cell, this run's too. */
  readonly nights: number;
}

/** The page's text, in parts. Reads the record's folder and nothing else; throws if the folder is gone. */
export async function renderRunPage(
  record: RunRecord,
  options: RunPageOptions = {},
): Promise<Iterable<string>> {
  const { view } = record;
  const packer = options.packer ?? makePacker();
  const made = new Map<CellView, Made>();
  for (const cell of byNeed([...view.cells.values()]))
    made.set(cell, await makeCell(record, cell, packer, options));

  const cells = [...view.cells.values()].map((cell) => ({
    cell: runCell(cell, made.get(cell)?.costs ?? null),
    packed: made.get(cell)?.packed ?? '',
  }));
  const packedOf = new Map(cells.map(({ cell, packed }) => [cell.entry, packed]));
  const table = tableOf(
    columnsOf(view),
    cells.map(({ cell }) => cell),
  );
  const entries = table.cells.map((cell) => cell.entry);
  const counts = countOutcomes(view.cells.values());
  const name = view.started?.matrix.name ?? 'run';
  const shortened = packer.shortened();
  return documentParts({
    title: `${name}: ${record.run} (tscmatrix)`,
    header: runHeader(record),
    main: html`${attention(record) ?? ''}
<section aria-labelledby="cells"><h2 id="cells">Kernels and guests</h2>
${filterBar(
  entries,
  OUTCOMES.map((outcome) => ({ value: outcome, count: counts[outcome] })),
  // One run shows what is; night after night what matters is whether it is as ever.
  [...made.values()].some(({ nights }) => nights > 1) ? 'outcome' : 'finding',
)}
${shortened > 0 && html`<p class="meta">The consoles of ${shortened} cells are shortened to what is cited, for the page's size; they are whole in the run's folder.</p>`}
${tableMarkup(table, `${name}: kernels and guests`)}</section>`,
    footer: runFooter(record),
    index: { kind: 'run', cells: entries },
    packed: entries.map((entry) => packedOf.get(entry) ?? ''),
  });
}

/** Cells that are not as expected first: their consoles are whole if there is room for some only. */
function byNeed(cells: readonly CellView[]): CellView[] {
  return cells.toSorted((a, b) => need(a) - need(b));
}

function need(cell: CellView): number {
  return resultOf(cell).outcome === 'expected' ? 1 : 0;
}

async function makeCell(
  record: RunRecord,
  cell: CellView,
  packer: Packer,
  { historyOf }: RunPageOptions,
): Promise<Made> {
  const history = historyOf?.(cell.cell.id) ?? null;
  const strip = history === null ? null : historyPage(history);
  let costs: MeasuredCosts | null = null;
  const packed = await packer.pack(async (extent) => {
    const made = await cellPage(record, cell, extent, strip);
    costs = made.costs;
    const { id, kernel, row } = made.page;
    return { id, kernel, row, compared: null, sides: [{ title: '', cell: made.page }] };
  });
  return { packed, costs, nights: history?.nights.length ?? 0 };
}

/** The last nights of a cell, as a strip. */
function historyPage(history: CellHistory): HistoryPage | null {
  if (history.nights.length === 0) return null;
  const { changed } = history;
  return {
    nights: history.nights.map(nightPage).toReversed(),
    flaky: flakyText(history.flaky),
    changed:
      changed === null
        ? null
        : visible(
            `Since ${changed.at.slice(0, 10)} (${changed.run}): ${changed.after}; before: ${changed.before}.` +
              (changed.inputs.length === 0
                ? ''
                : ` Changed that night as well: ${changed.inputs.join(', ')}.`),
          ),
  };
}

function nightPage(night: Night): NightPage {
  const facts = [
    night.lost ? 'lost' : night.verdicts.join(', '),
    night.current.join('/'),
    night.kernelRelease,
    night.qemu === null ? null : `QEMU ${night.qemu}`,
  ].filter((fact) => fact !== null && fact !== '');
  return {
    run: visible(night.run),
    at: night.at,
    outcome: night.outcome,
    text: visible(`${night.at.slice(0, 10)} ${night.outcome}: ${facts.join(', ')}`),
  };
}

function flakyText({ count, of, share, low, high }: Rate): string {
  const percent = (value: number): string => `${(value * 100).toFixed(value > 0 && value < 0.1 ? 1 : 0)} %`;
  const nights = `Flaky on ${count} of ${of} ${of === 1 ? 'night' : 'nights'}`;
  return share === null || low === null || high === null
    ? `${nights}.`
    : `${nights}: ${percent(share)}, 95 % interval ${percent(low)} to ${percent(high)}.`;
}
