/** A sweep as one self-contained page: the drawing, the tables, and the commands to do it again. */
import { documentParts } from '../report/html/document.ts';
import { html, type Markup, trusted } from '../report/html/markup.ts';
import { plainTable } from '../report/html/plain-table.ts';
import { THEME_SWITCH } from '../report/html/run-header.ts';
import { headingOf } from './markdown.ts';
import { sweepPlot } from './plot.ts';
import type { SweepReport, SweepTimes } from './report.ts';
import { marginRows, pointRows, type Rows, remarks } from './rows.ts';

export function sweepPage(
  report: SweepReport,
  times: SweepTimes,
  commands: readonly string[],
): Iterable<string> {
  const dateText = `${times.at.slice(0, 10)} ${times.at.slice(11, 16)} UTC`;
  return documentParts({
    title: `sweep: ${report.kernels.map(({ name }) => name).join(', ')} (tscmatrix)`,
    header: html`<header class="top">
<div class="line"><p class="brand">tscmatrix</p>${THEME_SWITCH}</div>
<h1>Sweep</h1>
<p class="meta">${dateText}, ${times.boots} boots; consoles in <code>${times.folder}</code></p>
${headingOf(report).map((line) => html`<p class="meta">${line}</p>`)}
</header>`,
    main: html`<section aria-labelledby="margins"><h2 id="margins">Margins</h2>
${table(marginRows(report))}
<ul>${remarks(report).map((text) => html`<li>${text}</li>`)}</ul></section>
<section aria-labelledby="plot"><h2 id="plot">Registration and error over the delay of a read</h2>
<div class="plot-box wide">${trusted(sweepPlot(report))}</div></section>
<section aria-labelledby="points"><h2 id="points">Every boot</h2>
<details><summary>Delay by delay</summary>${table(pointRows(report))}</details></section>
<section aria-labelledby="again"><h2 id="again">Again</h2>
${commands.map((command) => html`<pre><code>${command}</code></pre>`)}</section>`,
    footer: html`<footer><p class="meta">Made by tscmatrix; nothing is loaded from elsewhere.</p></footer>`,
    index: { kind: 'run', cells: [] },
    packed: [],
    skipTo: { id: 'margins', text: 'Skip to the margins' },
  });
}

const table = ({ head, rows }: Rows): Markup => plainTable(head, rows);
