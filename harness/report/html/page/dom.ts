/** Elements made by hand, so that text is only ever text. */
import type { Opened, PageIndex } from '../types.ts';

type Child = Node | string | null | false | readonly Child[];
type Properties = Readonly<Record<string, string | number | boolean | ((event: Event) => void) | null>>;

/** An element: properties beginning with "on" are listeners, true is an attribute without a value, null and false are none. */
export function h(name: string, properties: Properties = {}, ...children: readonly Child[]): HTMLElement {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === 'function') element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, '');
    else if (value !== null && value !== false) element.setAttribute(key, String(value));
  }
  append(element, children);
  return element;
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === false) continue;
    if (child instanceof Node || typeof child === 'string') element.append(child);
    else append(element, child);
  }
}

export function byId(id: string): HTMLElement | null {
  return document.getElementById(id);
}

export function section(title: string, ...children: readonly Child[]): HTMLElement {
  return h('section', {}, h('h3', {}, title), ...children);
}

/** Names with their values. */
export function pairs(list: readonly (readonly [string, string])[]): HTMLElement {
  return h(
    'dl',
    { class: 'pairs' },
    list.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
  );
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  return h(
    'div',
    { class: 'scroll' },
    h(
      'table',
      { class: 'plain' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          head.map((text) => (text === '' ? h('td') : h('th', { scope: 'col' }, text))),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h(
            'tr',
            {},
            row.map((text, i) =>
              i === 0
                ? h('th', { scope: 'row' }, text)
                : h(
                    'td',
                    i === row.length - 1 && row.length < head.length ? { colspan: head.length - i } : {},
                    text,
                  ),
            ),
          ),
        ),
      ),
    ),
  );
}

/** A drawing that was made with the page. Parsed as XML and put in as elements; styles and scripts do not pass the policy. */
export function drawing(svg: string): Node | null {
  const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
  return parsed.localName === 'svg' ? document.importNode(parsed, true) : null;
}

/** The data of the page: the index at once, what a cell opens when it is opened. */
export function readIndex(): PageIndex {
  return JSON.parse(
    document.getElementById('index')?.textContent ?? '{"kind":"run","cells":[]}',
  ) as PageIndex;
}

/** Inflates what the cell at this place of the index opens; null if the page holds nothing for it. */
export async function readOpened(place: number): Promise<Opened | null> {
  // The packed cells come after this script: if a link opens one at once, it may still be on its way.
  if (document.readyState === 'loading')
    await new Promise((done) => document.addEventListener('DOMContentLoaded', done, { once: true }));
  const packed = document.getElementById(`p${place}`)?.textContent ?? '';
  if (packed === '') return null;
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return (await new Response(inflated).json()) as Opened;
}

/** A command to copy. */
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
