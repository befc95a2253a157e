/** An audit as one self-contained page: the table, then what shows each answer. */
import { documentParts } from '../report/html/document.ts';
import { html, type Markup } from '../report/html/markup.ts';
import { THEME_SWITCH } from '../report/html/run-header.ts';
import type { Audit, AuditedFix, FixFinding, GuestFinding } from './types.ts';
import { findingText, guestText, lineText, STATE_WORDS, tally } from './words.ts';

export function auditPage(audit: Audit): Iterable<string> {
  const { kernels, fixes, run } = audit;
  return documentParts({
    title: `audit: ${kernels.map(({ name }) => name).join(', ')} (tscmatrix)`,
    header: html`<header class="top">
<div class="line"><p class="brand">tscmatrix</p>${THEME_SWITCH}</div>
<h1>Clock fixes by behaviour</h1>
${kernels.map(({ name, release, fault }) => html`<p class="meta">${name}${release === null ? '' : ` (${release})`}: ${fault ?? tally(audit, name)}</p>`)}
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
  const rows = fixes.map(({ exhibit, name, kernels: of }) => {
    const states = kernels.map((kernel) => html`<td>${stateOf(of[kernel.name])}</td>`);
    return html`<tr><th scope="row"><a href="#${name}"><code>${exhibit.commit.slice(0, 12)}</code></a></th><td>${exhibit.since}</td><td>${exhibit.topic}</td>${states}<td>${exhibit.subject}</td></tr>`;
  });
  const names = head.map((text) => html`<th scope="col">${text}</th>`);
  return html`<div class="scroll"><table class="plain"><thead><tr>${names}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

const stateOf = (finding: FixFinding | undefined): string => STATE_WORDS[finding?.state ?? 'cannot-tell'];

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
