/** What stands above and below the table of a run: which run, on what host, what needs a look, the kernels. */

import { clockText } from '../../base/figures.ts';
import type { RunRecord } from '../../record/reader.ts';
import { countOutcomes, type KernelView } from '../../record/run-view.ts';
import { OUTCOMES, type Outcome } from '../../verdict/types.ts';
import { gridOf, headingOf, type Note } from '../grid.ts';
import { html, type Markup } from './markup.ts';
import { provenanceMarkup } from './provenance-markup.ts';
import { OUTCOME_MARKS } from './symbols.ts';

/** Notes shown at once; the rest are folded away. */
const NOTES_SHOWN = 3;
/** Cells named in one note. */
const NAMED = 8;

export const THEME_SWITCH: Markup = html`<label class="theme"><span>Theme</span><select id="theme" aria-label="Theme"><option value="">system</option><option value="light">light</option><option value="dark">dark</option></select></label>`;

export function runHeader(record: RunRecord): Markup {
  const { view } = record;
  const counts = countOutcomes(view.cells.values());
  const total = view.cells.size;
  const [, ...heading] = headingOf(view);
  const bad = counts.unexpected + counts.flaky + counts['infra-error'];
  const conclusion =
    bad === 0 && total > 0
      ? 'nothing unexpected'
      : `${bad} of ${total} ${total === 1 ? 'cell needs' : 'cells need'} a look`;
  return html`<header class="top">
<div class="line"><p class="brand">tscmatrix</p>${THEME_SWITCH}</div>
<h1>${view.started?.matrix.name ?? 'run'} <span class="badge o-${bad === 0 ? 'expected' : 'unexpected'}"><i aria-hidden="true">${bad === 0 ? OUTCOME_MARKS.expected : OUTCOME_MARKS.unexpected}</i> ${conclusion}</span></h1>
<p class="meta">run <code>${record.run}</code>, ${timesOf(record)}</p>
${heading.map((line) => html`<p class="meta${/^IN[CT]/.test(line) ? ' warning' : ''}">${line}</p>`)}
${view.merged !== null && html`<p class="meta">merged of ${view.merged.parts.map((part) => html`<span class="part"><b>${part.label}</b> ${part.run}</span> `)}</p>`}
${record.problems.map(({ line, text }) => html`<p class="warning">record${line === 0 ? '' : ` line ${line}`}: ${text}</p>`)}
<div class="bar" aria-hidden="true">${OUTCOMES.filter((outcome) => counts[outcome] > 0).map((outcome) => html`<svg class="o-${outcome}" width="${((100 * counts[outcome]) / total).toFixed(3)}%" height="8"><rect width="100%" height="8"/></svg>`)}</div>
</header>`;
}

function timesOf({ view, state }: RunRecord): string {
  const start = view.started?.at ?? '';
  const startText = `${start.slice(0, 10)} ${start.slice(11, 16)} UTC`;
  const end = view.finished?.at;
  if (end === undefined) return state === 'running' ? `${startText}, still going on` : startText;
  return `${startText}, took ${clockText(Date.parse(end) - Date.parse(start))}`;
}

/** Everything that is not as expected, and then what is known not to be as it should; cells with the same reason together. */
export function attention({ view }: RunRecord): Markup | null {
  const judgedOf = (note: Note) => view.cells.get(note.cells[0] ?? '')?.judged;
  const notes = gridOf(view).notes.filter((note) => judgedOf(note)?.outcome !== 'skipped');
  const isKnown = (note: Note): boolean => judgedOf(note)?.known !== undefined;
  const outcomeOf = (note: Note): Outcome => judgedOf(note)?.outcome ?? 'infra-error';
  const look = notes.filter((note) => !isKnown(note));
  const parts = [
    notesSection('look', 'Needs a look', look, outcomeOf),
    notesSection('known', 'Known issues', notes.filter(isKnown), outcomeOf),
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : html`${parts}`;
}

function notesSection(
  id: string,
  title: string,
  notes: readonly Note[],
  outcomeOf: (note: Note) => Outcome,
): Markup | null {
  if (notes.length === 0) return null;
  const items = notes.map((note) => {
    const outcome = outcomeOf(note);
    const links = note.cells
      .slice(0, NAMED)
      .map(
        (id, i) =>
          html`<a href="#${new URLSearchParams({ cell: id }).toString()}">${note.about[i] ?? id}</a>`,
      );
    const more = note.cells.length - NAMED;
    return html`<li class="note o-${outcome}"><i aria-hidden="true">${OUTCOME_MARKS[outcome]}</i><div><p>${note.text}</p><p class="where">${links}${more > 0 && html`<span>and ${more} more</span>`}</p></div></li>`;
  });
  const [first, rest] = [items.slice(0, NOTES_SHOWN), items.slice(NOTES_SHOWN)];
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2><ul class="notes">${first}</ul>
${rest.length > 0 && html`<details><summary>${rest.length} more</summary><ul class="notes">${rest}</ul></details>`}</section>`;
}

export function runFooter(record: RunRecord): Markup {
  const kernels = [...record.view.kernels].map(
    ([name, state]) => html`<tr><th scope="row">${name}</th>${kernelCells(state)}</tr>`,
  );
  return html`<footer>
<details><summary>Kernels</summary><div class="scroll"><table class="plain"><thead><tr><th>name</th><th>release</th><th>origin</th><th>sha256</th></tr></thead><tbody>${kernels}</tbody></table></div></details>
${provenanceMarkup(record)}
<p class="meta">Made by tscmatrix from the record of the run; nothing is loaded from elsewhere. Keys in the table: arrows, Home, End, Page Up and Down; Enter opens a cell, Escape closes it; / finds text.</p>
</footer>`;
}

function kernelCells({ ready, failed }: KernelView): Markup {
  if (ready !== null)
    return html`<td>${ready.release.split(' ')[0] ?? ''}</td><td>${ready.origin}</td><td><code>${ready.sha256}</code></td>`;
  return html`<td colspan="3">${failed === null ? 'not fetched' : failed.message}</td>`;
}
