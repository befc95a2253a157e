/** What stands above and below the table of a comparison: which runs, what differs between them, what changed. */
import type { RunComparison, RunSide } from '../../compare/types.ts';
import { bisectionText, type ChangeGroup, changeGroups, confirmationText } from '../comparison-groups.ts';
import { countsText } from '../words.ts';
import { html, type Markup } from './markup.ts';
import { THEME_SWITCH } from './run-header.ts';
import { CHANGE_CLASS, CHANGE_MARKS } from './symbols.ts';

/** Groups shown at once; the rest are folded away. */
const SHOWN = 4;
/** Cells named in a group. */
const NAMED = 12;

export function comparisonHeader(comparison: RunComparison): Markup {
  const { before, after, conclusion, worse } = comparison;
  const look = worse > 0 ? 'unexpected' : 'expected';
  return html`<header class="top">
<div class="line"><p class="brand">tscmatrix</p>${THEME_SWITCH}</div>
<h1>Before and after <span class="badge o-${look}"><i aria-hidden="true">${worse > 0 ? '✗' : '✓'}</i> ${worse > 0 ? `${worse} worse` : 'nothing worse'}</span></h1>
<p>${conclusion}</p>
<div class="scroll"><table class="plain"><thead><tr><td></td><th>run</th><th>started</th><th>matrix</th><th>cells</th></tr></thead><tbody>${sideRow('before', before)}${sideRow('after', after)}</tbody></table></div>
${[before, after].flatMap((side) => side.problems.map((problem) => html`<p class="warning">${side.run}: ${problem}</p>`))}
</header>`;
}

/** What stands between the header and the table. */
export function comparisonNews(comparison: RunComparison): Markup {
  return html`${differencesMarkup(comparison)}
${changesMarkup(comparison)}
${confirmationsMarkup(comparison)}
${bisectionsMarkup(comparison)}`;
}

function sideRow(title: string, side: RunSide): Markup {
  const state = side.state === 'finished' ? '' : ` (${side.state})`;
  return html`<tr><th scope="row">${title}</th><td>${side.run}${state}</td><td>${side.startedAt.slice(0, 16).replace('T', ' ')} UTC</td><td>${side.matrix.name} <code>${side.matrix.sha256.slice(0, 12)}</code></td><td>${countsText(side.outcomes)}</td></tr>`;
}

function differencesMarkup({ differences, cells }: RunComparison): Markup {
  if (differences.length === 0) {
    const unknown = [...new Set(cells.flatMap((cell) => cell.unknown))];
    return unknown.length === 0
      ? html`<p class="meta">Both runs rest on the same inputs.</p>`
      : html`<p class="meta">No input is known to differ; not recorded in one of the runs: ${unknown.join(', ')}.</p>`;
  }
  const rows = differences.map(
    ({ input, what, before, after }) =>
      html`<tr><th scope="row">${input === what ? input : `${input}: ${what}`}</th><td>${before}</td><td>${after}</td></tr>`,
  );
  return html`<section aria-labelledby="inputs"><h2 id="inputs">Inputs that differ</h2><div class="scroll"><table class="plain"><thead><tr><td></td><th>before</th><th>after</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function changesMarkup(comparison: RunComparison): Markup | null {
  const items = changeGroups(comparison, false).map(groupItem);
  if (items.length === 0) return null;
  const rest = items.slice(SHOWN);
  return html`<section aria-labelledby="look"><h2 id="look">What changed</h2><ul class="notes">${items.slice(0, SHOWN)}</ul>
${rest.length > 0 && html`<details><summary>${rest.length} more</summary><ul class="notes">${rest}</ul></details>`}</section>`;
}

function confirmationsMarkup({ confirmations = [] }: RunComparison): Markup | null {
  if (confirmations.length === 0) return null;
  const items = confirmations.map((one) => html`<li>${confirmationText(one)}</li>`);
  return html`<section aria-labelledby="again"><h2 id="again">Booted again</h2><ul>${items}</ul></section>`;
}

function bisectionsMarkup({ bisections }: RunComparison): Markup | null {
  if (bisections.length === 0) return null;
  const items = bisections.map(
    (one) => html`<p>${bisectionText(one)}:</p><pre class="scroll"><code>${one.command}</code></pre>`,
  );
  return html`<section aria-labelledby="searches"><h2 id="searches">To find out</h2>${items}</section>`;
}

function groupItem({ change, word, why, inputs, cells }: ChangeGroup): Markup {
  const links = cells
    .slice(0, NAMED)
    .map(
      ({ id, comparison: { kernel, row } }) =>
        html`<a href="#${new URLSearchParams({ cell: id }).toString()}">${kernel}, ${row}</a>`,
    );
  const more = cells.length - NAMED;
  return html`<li class="note o-${CHANGE_CLASS[change]}"><i aria-hidden="true">${CHANGE_MARKS[change]}</i><div><p><b>${word}</b> ${why}</p>
${inputs.map((input) => html`<p class="meta">${input}</p>`)}<p class="where">${links}${more > 0 && html`<span>and ${more} more</span>`}</p></div></li>`;
}

export function comparisonFooter({ before, after }: RunComparison): Markup {
  return html`<footer>
<p class="meta">Before: ${before.dir}. After: ${after.dir}.</p>
<p class="meta">Made by tscmatrix from the records of both runs; nothing is loaded from elsewhere. Keys in the table: arrows, Home, End, Page Up and Down; Enter opens a cell, Escape closes it; / finds text.</p>
</footer>`;
}
