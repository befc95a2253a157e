/** An audit as one self-contained page: the table, then what shows each answer. */
import { documentParts } from '../report/html/document.ts';
import { html, type Markup } from '../report/html/markup.ts';
import { plainTable } from '../report/html/plain-table.ts';
import { THEME_SWITCH } from '../report/html/run-header.ts';
import type { Audit, AuditedFix, GuestFinding } from './types.ts';
import {
  findingText,
  guestText,
  lineText,
  releaseText,
  shortCommit,
  stateText,
  summaryText,
} from './words.ts';

export function auditPage(audit: Audit): Iterable<string> {
  const { kernels, fixes, run } = audit;
  return documentParts({
    title: `audit: ${kernels.map(({ name }) => name).join(', ')} (tscmatrix)`,
    header: html`<header class="top">
<div class="line"><p class="brand">tscmatrix</p>${THEME_SWITCH}</div>
<h1>Clock fixes by behaviour</h1>
${kernels.map((kernel) => html`<p class="meta">${kernel.name}${releaseText(kernel)}: ${summaryText(audit, kernel)}</p>`)}
<p class="meta">Consoles in <code>${run}</code></p>
</header>`,
    main: html`<section aria-labelledby="fixes"><h2 id="fixes">Fixes</h2>
${tableOf(audit)}</section>
<section aria-labelledby="what-shows-it"><h2 id="what-shows-it">What shows it</h2>
${fixes.map((fix) => detailsOf(fix, audit))}</section>`,
    footer: html`<footer><p class="meta">Made by tscmatrix; nothing is loaded from elsewhere.</p></footer>`,
    index: { kind: 'run', cells: [] },
    packed: [],
    skipTo: { id: 'fixes', text: 'Skip to the fixes' },
  });
}

function tableOf({ kernels, fixes }: Audit): Markup {
  const head = ['commit', 'since', 'topic', ...kernels.map(({ name }) => name), 'subject'];
  const rows = fixes.map((fix) => [
    html`<a href="#${fix.name}"><code>${shortCommit(fix)}</code></a>`,
    fix.exhibit.since,
    fix.exhibit.topic,
    ...kernels.map(({ name }) => stateText(fix, name)),
    fix.exhibit.subject,
  ]);
  return plainTable(head, rows);
}

function detailsOf({ name, exhibit, kernels: of }: AuditedFix, { kernels }: Audit): Markup {
  const parts = kernels.map((kernel) => {
    const finding = of[kernel.name];
    return finding === undefined
      ? html``
      : html`<h4>${kernel.name}</h4><p>${findingText(finding)}</p><ul>${finding.guests.map(guestOf)}</ul>`;
  });
  return html`<section aria-labelledby="${name}"><h3 id="${name}">${exhibit.subject}</h3>
<p class="meta"><code>${exhibit.commit}</code>, since ${exhibit.since}</p><p>${exhibit.reason}</p>${parts}</section>`;
}

function guestOf(guest: GuestFinding): Markup {
  const lines = guest.lines.map(lineText).join('\n');
  return html`<li>${guestText(guest)}${lines === '' ? '' : html`<div class="scroll"><pre><code>${lines}</code></pre></div>`}</li>`;
}
