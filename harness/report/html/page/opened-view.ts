/** The dialog that a cell opens. */
import { CHANGE_CLASS, CHANGE_MARKS } from '../symbols.ts';
import type { ComparedPage, Opened } from '../types.ts';
import { linkTo, setAddress } from './address.ts';
import { cellView } from './cell-view.ts';
import { differenceView } from './difference-view.ts';
import { byId, h, readOpened, section, table } from './dom.ts';
import type { Matrix } from './matrix.ts';

interface Dialog {
  open(place: number): Promise<void>;
}

export function startDialog(matrix: () => Matrix): Dialog {
  const dialog = byId('opened') as HTMLDialogElement;
  let current = -1;

  const fill = async (place: number): Promise<void> => {
    current = place;
    const opened = await readOpened(place);
    if (opened === null || current !== place) return;
    setAddress({ cell: opened.id });
    dialog.replaceChildren(
      headOf(opened, step, () => dialog.close()),
      bodyOf(opened),
    );
    dialog.scrollTop = 0;
    dialog.querySelector<HTMLElement>('h2')?.focus();
  };
  const step = (by: number): void => {
    const shown = matrix().shown();
    const next = shown[shown.indexOf(current) + by];
    if (next !== undefined) void fill(next);
  };
  dialog.addEventListener('close', () => {
    setAddress({ cell: '' });
    dialog.replaceChildren();
    matrix().focus(current);
  });
  dialog.addEventListener('click', (event) => {
    // A click beside the dialog's content meets the dialog itself: its backdrop.
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '[' || event.key === ']') step(event.key === ']' ? 1 : -1);
  });
  return {
    async open(place) {
      await fill(place);
      if (!dialog.open && dialog.childElementCount > 0) {
        dialog.showModal();
        dialog.querySelector<HTMLElement>('h2')?.focus();
      }
    },
  };
}

function headOf(opened: Opened, step: (by: number) => void, close: () => void): HTMLElement {
  const button = (title: string, text: string, act: () => void): HTMLElement =>
    h('button', { type: 'button', title, 'aria-label': title, onclick: act }, text);
  return h(
    'header',
    { class: 'opened-head' },
    h(
      'div',
      { class: 'title' },
      h(
        'h2',
        { id: 'opened-title', tabindex: -1 },
        h('span', { class: 'kernel' }, opened.kernel),
        ` ${opened.row}`,
      ),
      h('p', { class: 'meta' }, h('a', { href: linkTo(opened.id) }, opened.id)),
    ),
    h(
      'div',
      { class: 'buttons' },
      button('Previous cell ( [ )', '←', () => step(-1)),
      button('Next cell ( ] )', '→', () => step(1)),
      button('Close (Escape)', '×', close),
    ),
  );
}

function bodyOf(opened: Opened): HTMLElement {
  const place = h('div', {});
  const [first, second] = opened.sides;
  const views: (readonly [string, () => Node])[] = opened.sides.map(({ title, cell }) => [
    title,
    () => cellView(cell),
  ]);
  if (first !== undefined && second !== undefined)
    views.push(['Difference', () => differenceView(first.cell, second.cell)]);
  const choices = views.map(([title], i) => h('button', { type: 'button', onclick: () => show(i) }, title));
  const show = (i: number): void => {
    for (const [j, button] of choices.entries()) button.setAttribute('aria-pressed', String(i === j));
    const view = views[i];
    place.replaceChildren(...(view === undefined ? [] : [view[1]()]));
  };
  show(Math.max(0, opened.sides.length - 1));
  return h(
    'div',
    { class: 'opened-body' },
    opened.compared !== null && comparedView(opened.compared),
    choices.length > 1 && h('div', { class: 'views sides', role: 'group', 'aria-label': 'Run' }, choices),
    place,
  );
}

function comparedView({ change, why, facts, inputs, unknown }: ComparedPage): HTMLElement {
  const rows = (list: ComparedPage['facts']): string[][] =>
    list.map(({ what, before, after }) => [what, before, after]);
  return h(
    'div',
    { class: 'compared' },
    h(
      'p',
      { class: 'outcome' },
      h(
        'span',
        { class: `badge o-${CHANGE_CLASS[change]}` },
        h('i', { 'aria-hidden': 'true' }, CHANGE_MARKS[change]),
        ` ${change}`,
      ),
      ` ${why}`,
    ),
    facts.length > 0 && section('What differs', table(['', 'before', 'after'], rows(facts))),
    inputs.length > 0 && section('Other inputs', table(['', 'before', 'after'], rows(inputs))),
    unknown.length > 0 && h('p', { class: 'meta' }, `Not known of one of the runs: ${unknown.join(', ')}.`),
  );
}
