/** A diagnosis, or a comparison of two logs, as one self-contained page, with the log and the marked lines in it. */
import { type Entry, excerpt, type Sheet, type SheetLog, type Shown } from '../diagnosis-sheet.ts';
import { documentParts } from './document.ts';
import { html, type Markup } from './markup.ts';
import { THEME_SWITCH } from './run-header.ts';
import { pageSink, writePage } from './write-page.ts';

/** A log of more lines is shown as what stands around the marked ones. */
const WHOLE_LINES = 5000;
const REACH = 50;

export function diagnosisPage(sheet: Sheet): Iterable<string> {
  const { heading, sections, notes } = sheet;
  return documentParts({
    title: `${heading} (tscmatrix)`,
    header: html`<header class="top">
<div class="line"><p class="brand">tscmatrix</p>${THEME_SWITCH}</div>
<h1>${heading}</h1>
<p class="summary">${sheet.summary}</p>
${notes.map((text) => html`<p class="meta">${text}</p>`)}
</header>`,
    main: html`<section aria-labelledby="answer"><h2 id="answer">Answer</h2>${fieldTable(sheet)}</section>
${sections.filter(({ entries }) => entries.length > 0).map(({ title, entries }) => html`<section class="said"><h2>${title}</h2><ul>${entries.map(item)}</ul></section>`)}
${sheet.logs.map(logMarkup)}`,
    footer: html`<footer><p class="meta">Made by tscmatrix; nothing is loaded from elsewhere.</p></footer>`,
    index: { kind: 'run', cells: [] },
    packed: [],
    skipTo: { id: 'answer', text: 'Skip to the answer' },
  });
}

/** Throws UserError where the file cannot be written. */
export async function writeDiagnosisPage(sheet: Sheet, path: string): Promise<void> {
  await writePage(pageSink(path), diagnosisPage(sheet));
}

function fieldTable({ sides, fields }: Sheet): Markup {
  const head = html`<thead><tr><td></td>${sides.map((side) => html`<th scope="col">${side}</th>`)}</tr></thead>`;
  const rows = fields.map(
    ({ name, values }) =>
      html`<tr><th scope="row">${name}</th>${values.map((value) => html`<td>${value}</td>`)}</tr>`,
  );
  return html`<div class="scroll"><table class="plain">${sides.length > 0 && head}<tbody>${rows}</tbody></table></div>`;
}

function item(entry: Entry | string): Markup {
  if (typeof entry === 'string') return html`<li>${entry}</li>`;
  return html`<li>${entry.where} <code>${entry.text}</code> ${entry.shows}</li>`;
}

function logMarkup(log: SheetLog, at: number): Markup {
  const reach = log.lines.length <= WHOLE_LINES ? WHOLE_LINES : REACH;
  const id = `log${at + 1}`;
  return html`<section><h2 id="${id}">${log.title}</h2>
<div class="console" tabindex="0" role="region" aria-labelledby="${id}">${excerpt(log, reach).map(line)}</div></section>`;
}

function line(one: Shown): Markup {
  if ('gap' in one) return html`<div class="gap">${one.gap} lines are not shown</div>`;
  const { n, text, shows } = one;
  const note = shows !== null && shows !== '' && html`<span class="shows">${shows}</span>`;
  return html`<div class="${shows === null ? 'ln' : 'ln cited'}"><span class="n">${n}</span><span class="t">${text}${note}</span></div>`;
}
