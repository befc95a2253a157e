/** The page around everything: its policy, its style and its script, nothing of it from elsewhere. */
import { createHash } from 'node:crypto';
import { bundlePage } from './bundle.ts';
import { escapeText, html, type Markup, trusted } from './markup.ts';
import { embedJson } from './packer.ts';
import type { PageIndex } from './types.ts';

interface PageParts {
  readonly title: string;
  readonly header: Markup;
  readonly main: Markup;
  readonly footer: Markup;
  readonly index: PageIndex;
  /** What each cell of the index opens, packed; null if it opens nothing. */
  readonly packed: readonly string[];
  /** A page without cells: where its skip link leads, in place of the table that they are in. */
  readonly skipTo?: { readonly id: string; readonly text: string };
}

const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#1d4ed8"/><path d="M3 11h2V5h3v6h2V5h3" fill="none" stroke="#fff" stroke-width="1.6"/></svg>',
)}`;

/** Only this very style and this very script run, and nothing is fetched: markup that a guest smuggled in stays dead. */
function policyOf(style: string, script: string): string {
  const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return [
    "default-src 'none'",
    `style-src ${digest(style)}`,
    `script-src ${digest(script)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** In parts, so that a large page is never one string on its way to the disk. */
export function* documentParts(parts: PageParts): Generator<string> {
  const { style, script } = bundlePage();
  const { id, text } = parts.skipTo ?? { id: 'matrix', text: 'Skip to the table' };
  const noScript = html`<noscript><p class="warning">Without its script this page shows the table, and neither the filter nor what cells open.</p></noscript>`;
  const blocks = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(style, script)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${parts.title}</title>
<link rel="icon" href="${ICON}">
<style>${trusted(style)}</style>
</head>
<body>
<a class="skip" href="#${id}">${text}</a>
${parts.header}
${parts.skipTo === undefined && noScript}
<main>
${parts.main}
</main>
${parts.footer}
<dialog id="opened" aria-labelledby="opened-title"></dialog>
<script type="application/json" id="index">${trusted(embedJson(parts.index))}</script>
<script>${trusted(script)}</script>
`;
  yield blocks.markup;
  for (const [i, text] of parts.packed.entries())
    yield `<script type="text/plain" id="p${escapeText(String(i))}">${text}</script>\n`;
  yield '</body>\n</html>\n';
}
