/** A table of a page without cells that open: the first column heads its rows. */
import { html, type Markup } from './markup.ts';

type Entry = string | Markup;

export function plainTable(head: readonly string[], rows: readonly (readonly Entry[])[]): Markup {
  const body = rows.map(([first = '', ...rest]) => {
    const cells = rest.map((entry) => html`<td>${entry}</td>`);
    return html`<tr><th scope="row">${first}</th>${cells}</tr>`;
  });
  const names = head.map((text) => html`<th scope="col">${text}</th>`);
  return html`<div class="scroll"><table class="plain"><thead><tr>${names}</tr></thead><tbody>${body}</tbody></table></div>`;
}
