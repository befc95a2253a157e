/** Elements made by hand, so that text is only ever text. */

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
