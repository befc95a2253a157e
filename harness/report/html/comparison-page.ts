/** Two runs, before and after, as one self-contained page. */
import { type CellComparison, CHANGES, type RunComparison } from '../../compare/types.ts';
import type { RunRecord } from '../../record/reader.ts';
import type { CellView } from '../../record/run-view.ts';
import { cellPage } from './cell-page.ts';
import { comparisonFooter, comparisonHeader, comparisonNews } from './comparison-header.ts';
import { documentParts } from './document.ts';
import { filterBar } from './filters.ts';
import { html, visible } from './markup.ts';
import { makePacker } from './packer.ts';
import { columnsOf, indexEntry, runCell } from './run-table.ts';
import { type TableCell, type TableColumn, tableMarkup, tableOf } from './table-data.ts';
import type { ComparedPage, Opened } from './types.ts';

/** The page's text, in parts. `before` and `after` are the records that were compared. */
export async function renderComparisonPage(
  comparison: RunComparison,
  before: RunRecord,
  after: RunRecord,
): Promise<Iterable<string>> {
  const packer = makePacker();
  const packed = new Map<string, string>();
  // Worst change first, so that its consoles are whole if there is room for some only.
  for (const cell of comparison.cells)
    packed.set(cell.id, await packer.pack((extent) => openedOf(cell, before, after, extent)));
  const table = tableOf(allColumns(before, after), inPlanOrder(comparison, before, after));
  const entries = table.cells.map((cell) => cell.entry);
  const idOf = new Map(comparison.cells.map(({ id }) => [visible(id), id]));
  const shortened = packer.shortened();
  return documentParts({
    title: `${comparison.before.run} to ${comparison.after.run} (tscmatrix)`,
    header: comparisonHeader(comparison),
    main: html`${comparisonNews(comparison)}
<section aria-labelledby="cells"><h2 id="cells">Kernels and guests</h2>
${filterBar(
  entries,
  CHANGES.map((change) => ({ value: change, count: comparison.counts[change] })),
)}
${shortened > 0 && html`<p class="meta">The consoles of ${shortened} cells are shortened to what is cited, for the page's size; they are whole in the runs' folders.</p>`}
${tableMarkup(table, 'Changes by kernel and guest')}</section>`,
    footer: comparisonFooter(comparison),
    index: { kind: 'comparison', cells: entries },
    packed: entries.map(({ id }) => packed.get(idOf.get(id) ?? '') ?? ''),
  });
}

function allColumns(before: RunRecord, after: RunRecord): TableColumn[] {
  const now = columnsOf(after.view);
  const releases = new Map(columnsOf(before.view).map(({ kernel, release }) => [kernel, release]));
  const gone = [...releases].filter(([kernel]) => !now.some((column) => column.kernel === kernel));
  return [
    ...now.map(({ kernel, release }) => {
      const was = releases.get(kernel);
      return { kernel, release: was === undefined || was === release ? release : `${was} → ${release}` };
    }),
    ...gone.map(([kernel, release]) => ({ kernel, release })),
  ];
}

/** The second run's cells in the order of its plan, then those that only the first has. */
function inPlanOrder(comparison: RunComparison, before: RunRecord, after: RunRecord): TableCell[] {
  const compared = new Map(comparison.cells.map((cell) => [cell.id, cell]));
  const ids = new Set([...after.view.cells.keys(), ...before.view.cells.keys()]);
  return [...ids].flatMap((id) => {
    const cell = compared.get(id);
    const view = after.view.cells.get(id) ?? before.view.cells.get(id);
    return cell === undefined || view === undefined ? [] : [tableCell(cell, view)];
  });
}

function tableCell(cell: CellComparison, view: CellView): TableCell {
  const shown = runCell(view, null);
  const was = cell.before?.verdicts.join(', ') ?? '';
  const is = cell.after?.verdicts.join(', ') ?? '';
  const head =
    cell.before !== null && cell.after !== null && was !== is
      ? `${was || 'no result'} → ${is || 'no result'}`
      : shown.head;
  // If the verdict differs, the large line says so.
  const facts = was === is ? cell.facts.map(({ what }) => what).join(', ') : '';
  const detail = facts === '' ? cell.change : `${cell.change}: ${facts}`;
  const entry = { ...indexEntry(view, null), change: cell.change };
  return { ...shown, entry: { ...entry, words: `${entry.words} ${visible(cell.why)}` }, head, detail };
}

async function openedOf(
  cell: CellComparison,
  before: RunRecord,
  after: RunRecord,
  extent: 'whole' | 'excerpt',
): Promise<Opened> {
  const sides: Opened['sides'][number][] = [];
  const add = async (title: string, record: RunRecord): Promise<void> => {
    const view = record.view.cells.get(cell.id);
    if (view === undefined) return;
    sides.push({
      title: `${title}: ${visible(record.run)}`,
      cell: (await cellPage(record, view, extent, null)).page,
    });
  };
  // The same bytes need not be there twice.
  if (cell.change !== 'identical') await add('Before', before);
  await add(cell.change === 'identical' ? 'Both alike' : 'After', after);
  return {
    id: visible(cell.id),
    kernel: visible(cell.kernel),
    row: visible(cell.row),
    compared: comparedPage(cell),
    sides,
  };
}

function comparedPage({ change, why, facts, inputs, unknown }: CellComparison): ComparedPage {
  const valueText = (value: string | null): string => (value === null ? 'not known' : visible(value));
  return {
    change,
    why: visible(why),
    facts: facts.map(({ what, before, after }) => ({
      what,
      before: valueText(before),
      after: valueText(after),
    })),
    inputs: inputs.map(({ input, what, before, after }) => ({
      what: visible(what === input ? what : `${input}: ${what}`),
      before: visible(before),
      after: visible(after),
    })),
    unknown,
  };
}
