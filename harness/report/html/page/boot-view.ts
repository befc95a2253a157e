/** One boot: what was observed and why, beside its consoles. */
import type { BootPage, DiagnosisPage } from '../types.ts';
import { type ConsoleView, consoleView } from './console-view.ts';
import { command, drawing, h, pairs, section, table } from './dom.ts';

/** `extra` stands after what was observed, in the same column. */
export function bootView(boot: BootPage, extra: readonly (Node | null)[]): HTMLElement {
  const { diagnosis } = boot;
  const views: ConsoleView[] = boot.consoles.map((page) => consoleView(page, diagnosis?.evidence ?? []));
  const cited = boot.consoles[0]?.cited === true ? views[0] : undefined;
  return h(
    'div',
    { class: views.length === 0 ? 'boot alone' : 'boot' },
    h(
      'div',
      { class: 'said' },
      boot.problems.map((problem) => h('p', { class: 'warning' }, problem)),
      diagnosis === null
        ? section('Why', h('p', {}, boot.reason))
        : diagnosisSection(diagnosis, boot.reason, cited === undefined ? null : (line) => cited.goTo(line)),
      boot.differences.length > 0 &&
        section(
          'Not what was asked for',
          table(
            ['setting', 'asked', 'got', 'seen by'],
            boot.differences.map(({ what, asked, got, seenBy }) => [what, asked, got, seenBy]),
          ),
        ),
      boot.facts.length > 0 && section('Observed', pairs(boot.facts)),
      boot.readCosts !== null &&
        section(
          'What a read of a reference counter costs',
          boot.readCosts.svg === '' ? null : h('div', { class: 'plot-box' }, drawing(boot.readCosts.svg)),
          h(
            'details',
            {},
            h('summary', {}, 'Figures'),
            table(['source', 'reads', 'min', 'median', '90 %', 'max'], boot.readCosts.rows),
            h('p', { class: 'meta' }, 'TSC cycles of the guest.'),
          ),
        ),
      ...extra,
      boot.commands.length > 0 &&
        section(
          'By hand',
          boot.commands.map(({ title, text }) => command(title, text)),
        ),
    ),
    views.length > 0 &&
      h(
        'div',
        { class: 'consoles' },
        views.map((view) => view.element),
      ),
  );
}

function diagnosisSection(
  { cause, confidence, summary, evidence, not, next }: DiagnosisPage,
  reason: string,
  goTo: ((line: number) => void) | null,
): HTMLElement {
  return section(
    'Why',
    h('p', { class: 'summary' }, summary),
    reason !== '' && !summary.includes(reason) && h('p', { class: 'meta' }, reason),
    h('p', {}, 'Cause: ', h('b', {}, cause), cause === 'none' ? '' : ` (${confidence})`),
    evidence.length > 0 &&
      h(
        'ol',
        { class: 'evidence' },
        evidence.map(({ line, text, shows }) =>
          h(
            'li',
            {},
            line > 0
              ? h(
                  'button',
                  { type: 'button', class: 'jump', onclick: () => goTo?.(line), disabled: goTo === null },
                  `line ${line}`,
                )
              : h('span', { class: 'missing' }, 'not there'),
            ` ${shows}`,
            h('code', {}, text),
          ),
        ),
      ),
    list('What it is not', not),
    list('What to do next', next),
  );
}

function list(title: string, items: readonly string[]): HTMLElement | false {
  return (
    items.length > 0 &&
    h(
      'div',
      {},
      h('h4', {}, title),
      h(
        'ul',
        {},
        items.map((item) => h('li', {}, item)),
      ),
    )
  );
}
