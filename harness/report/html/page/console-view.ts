/** A console with its evidence marked: in context, without what the probe repeats, or all of it. */
import type { CitationPage, ConsolePage } from '../types.ts';
import { h } from './dom.ts';

type View = 'evidence' | 'once' | 'all';
const VIEWS: Readonly<Record<View, string>> = {
  evidence: 'Evidence',
  once: 'Without repeats',
  all: 'Everything',
};
/** Lines shown around evidence. */
const CONTEXT = 3;

export interface ConsoleView {
  readonly element: HTMLElement;
  /** Shows a line and marks it for a moment. */
  goTo(line: number): void;
}

interface Line {
  readonly n: number;
  readonly frame: string;
  readonly text: string;
  readonly repeated: boolean;
  readonly shows: string | null;
}

export function consoleView(page: ConsolePage, citations: readonly CitationPage[]): ConsoleView {
  const lines = linesOf(page, citations);
  const views = viewsOf(lines);
  let view: View = views[0] ?? 'all';
  const body = h('div', {
    class: 'console',
    tabindex: 0,
    role: 'region',
    'aria-label': `${page.title}, text`,
  });
  const buttons = views.map((one) =>
    h('button', { type: 'button', 'data-view': one, onclick: () => show(one) }, VIEWS[one]),
  );
  const wrap = h(
    'button',
    { type: 'button', 'aria-pressed': 'true', onclick: () => toggleWrap() },
    'Wrap lines',
  );
  const toggleWrap = (): void => {
    const off = body.classList.toggle('nowrap');
    wrap.setAttribute('aria-pressed', String(!off));
  };
  const show = (next: View): void => {
    view = next;
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.view === view));
    body.replaceChildren(...render(lines, view, () => show('all')));
  };
  show(view);
  const element = h(
    'section',
    { class: 'console-section' },
    h('h3', {}, page.title),
    h(
      'p',
      { class: 'meta' },
      `${page.path}, ${page.lineCount.toLocaleString('en')} lines, ${page.bytes.toLocaleString('en')} bytes. `,
      page.notes.join(' '),
    ),
    page.bytes === 0
      ? h('p', { class: 'empty' }, 'It is empty.')
      : [
          h(
            'div',
            { class: 'views' },
            h('span', { role: 'group', 'aria-label': 'Lines to show' }, views.length > 1 && buttons),
            wrap,
          ),
          body,
        ],
  );
  return {
    element,
    goTo(line) {
      const find = (): HTMLElement | null => body.querySelector(`[data-n="${line}"]`);
      if (find() === null) show('all');
      const row = find();
      if (row === null) return;
      row.scrollIntoView({ block: 'center' });
      row.classList.remove('found');
      void row.offsetWidth; // The animation begins anew.
      row.classList.add('found');
      body.focus({ preventScroll: true });
    },
  };
}

function linesOf(page: ConsolePage, citations: readonly CitationPage[]): Line[] {
  const shows = new Map(page.cited ? citations.map(({ line, shows }) => [line, shows]) : []);
  const texts: string[] = [];
  return page.lines.map(([n, frame, packed]) => {
    const text = typeof packed === 'number' ? (texts[packed] ?? '') : packed;
    texts.push(text);
    return { n, frame, text, repeated: typeof packed === 'number', shows: shows.get(n) ?? null };
  });
}

function viewsOf(lines: readonly Line[]): View[] {
  const views: View[] = [];
  if (lines.some((line) => line.shows !== null)) views.push('evidence');
  if (lines.some((line) => line.repeated)) views.push('once');
  return [...views, 'all'];
}

function render(lines: readonly Line[], view: View, showAll: () => void): Node[] {
  const near = new Set<number>();
  if (view === 'evidence') {
    for (const [i, line] of lines.entries())
      if (line.shows !== null) for (let j = i - CONTEXT; j <= i + CONTEXT; j++) near.add(j);
  }
  const kept = (line: Line, i: number): boolean =>
    view === 'all' || line.shows !== null || (view === 'once' ? !line.repeated : near.has(i));
  const rows: Node[] = [];
  let left = 0;
  let before = 0;
  const gap = (): void => {
    if (left === 0) return;
    const text = `${left.toLocaleString('en')} ${left === 1 ? 'line' : 'lines'} not shown`;
    rows.push(h('button', { type: 'button', class: 'gap', onclick: showAll }, text));
    left = 0;
  };
  for (const [i, line] of lines.entries()) {
    // Lines that the page itself lacks show as a jump in the numbers.
    if (line.n > before + 1)
      rows.push(h('p', { class: 'gap' }, `lines ${before + 1} to ${line.n - 1} are not in this page`));
    before = line.n;
    if (!kept(line, i)) {
      left++;
      continue;
    }
    gap();
    rows.push(row(line));
  }
  gap();
  return rows;
}

const STAMP = /^\[ *\d+\.\d{6}\](?=\s|$)/;

function row({ n, frame, text, shows }: Line): HTMLElement {
  const stamp = STAMP.exec(text)?.[0] ?? '';
  return h(
    'div',
    { class: shows === null ? 'ln' : 'ln cited', 'data-n': n },
    h('span', { class: 'n' }, String(n)),
    h(
      'span',
      { class: 't' },
      frame !== '' && h('span', { class: 'frame' }, frame),
      stamp !== '' && h('span', { class: 'stamp' }, stamp),
      text.slice(stamp.length),
      shows !== null &&
        h('span', { class: 'shows' }, h('i', { 'aria-hidden': 'true' }, '◆'), ` evidence: ${shows}`),
    ),
  );
}
