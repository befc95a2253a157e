/** A command to copy. */
import { h } from './dom.ts';

const SAID_MS = 1500;

export function command(title: string, text: string): HTMLElement {
  const code = h('pre', { tabindex: 0, 'aria-label': title }, h('code', {}, text));
  const button = h('button', { type: 'button', class: 'copy', onclick: () => void copy() }, 'copy');
  const copy = async (): Promise<void> => {
    const done = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    );
    // If the browser refuses, the text is selected for Ctrl-C.
    if (done !== true) getSelection()?.selectAllChildren(code);
    button.textContent = done === true ? 'copied' : 'selected';
    setTimeout(() => {
      button.textContent = 'copy';
    }, SAID_MS);
  };
  return h('figure', { class: 'command' }, h('figcaption', {}, title, button), code);
}
