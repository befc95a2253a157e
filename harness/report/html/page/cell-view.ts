/** One cell as one run has it: its boots one at a time, its history, and how to do it again. */
import { OUTCOME_MARKS } from '../symbols.ts';
import type { CellPage, HistoryPage } from '../types.ts';
import { bootView } from './boot-view.ts';
import { command, h, pairs, section } from './dom.ts';

export function cellView(cell: CellPage): HTMLElement {
  const place = h('div', {});
  const choices = cell.boots.map((boot, i) =>
    h(
      'button',
      { type: 'button', onclick: () => show(i) },
      `boot ${boot.boot}${boot.host === null ? '' : ` on ${boot.host}`}: ${boot.verdict}`,
    ),
  );
  const extra = (): (Node | null)[] => [
    cell.history === null ? null : historySection(cell.history),
    section('Do it again', command('the same cell, compared with this run', cell.rerun)),
    section('Expected', pairs(cell.expectation)),
    section('Guest', pairs([['kernel', `${cell.kernel} (${cell.release})`], ...cell.guest])),
  ];
  const show = (i: number): void => {
    for (const [j, button] of choices.entries()) button.setAttribute('aria-pressed', String(i === j));
    const boot = cell.boots[i];
    place.replaceChildren(
      boot === undefined
        ? h('div', { class: 'boot alone' }, h('div', { class: 'said' }, ...extra().flatMap((e) => e ?? [])))
        : bootView(boot, extra()),
    );
  };
  show(Math.max(0, worst(cell)));
  return h(
    'div',
    { class: 'cell-view' },
    h('p', { class: 'outcome' }, outcomeBadge(cell.outcome), ` ${cell.reason}`),
    cell.hosts.length > 0 && section('What each host says', pairs(cell.hosts)),
    choices.length > 1 && h('div', { class: 'views', role: 'group', 'aria-label': 'Boots' }, choices),
    place,
  );
}

function outcomeBadge(outcome: keyof typeof OUTCOME_MARKS): HTMLElement {
  return h(
    'span',
    { class: `badge o-${outcome}` },
    h('i', { 'aria-hidden': 'true' }, OUTCOME_MARKS[outcome]),
    ` ${outcome}`,
  );
}

/** The boot to show first: of a flaky cell, one that is not as expected. */
function worst(cell: CellPage): number {
  const wanted = cell.expectation.find(([name]) => name === 'Registration')?.[1].split(' or ') ?? [];
  return cell.outcome === 'expected' ? 0 : cell.boots.findIndex((boot) => !wanted.includes(boot.verdict));
}

function historySection({ nights, flaky, changed }: HistoryPage): HTMLElement {
  const first = nights[0]?.at.slice(0, 10) ?? '';
  const last = nights.at(-1)?.at.slice(0, 10) ?? '';
  return section(
    'Nights',
    h(
      'ol',
      { class: 'strip' },
      nights.map((night) =>
        h(
          'li',
          { class: `o-${night.outcome}`, title: night.text },
          h('i', { 'aria-hidden': 'true' }, OUTCOME_MARKS[night.outcome]),
          h('span', { class: 'sr' }, night.text),
        ),
      ),
    ),
    h('p', { class: 'meta strip-ends' }, h('span', {}, first), h('span', {}, nights.length > 1 ? last : '')),
    changed !== null && h('p', {}, changed),
    h('p', { class: 'meta' }, flaky),
  );
}
