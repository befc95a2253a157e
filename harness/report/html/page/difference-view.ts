/** The guest's consoles of two runs, line by line: what came, what went. Times are left out, since they always differ. */
import { diffArrays } from 'diff';
import type { CellPage, ConsolePage } from '../types.ts';
import { h } from './dom.ts';

/** Lines shown around a difference. */
const CONTEXT = 3;
/** The work grows with the square of what differs. */
const MOST_EDITS = 6000;
/** Frames that only tell the time, and those that repeat the kernel's log. */
const LEFT_OUT: ReadonlySet<string> = new Set(['begin', 'beat', 'poll', 'settled', 'dmesg']);

interface Line {
  readonly n: number;
  readonly frame: string;
  readonly text: string;
}
interface Row {
  readonly kind: 'same' | 'gone' | 'come';
  readonly line: Line;
}

export function differenceView(before: CellPage, after: CellPage): HTMLElement {
  const [was, is] = [consoleOf(before), consoleOf(after)];
  if (was === undefined || is === undefined)
    return h('p', { class: 'empty' }, 'One of the runs has no console of it.');
  const rows = compare(linesOf(was), linesOf(is));
  if (rows === null)
    return h('p', { class: 'empty' }, 'The consoles are too different to be compared line by line.');
  const changed = rows.filter(({ kind }) => kind !== 'same').length;
  return h(
    'section',
    { class: 'console-section' },
    h('h3', {}, 'The consoles compared'),
    h(
      'p',
      { class: 'meta' },
      changed === 0
        ? 'No line differs but for times.'
        : `${changed.toLocaleString('en')} lines differ; − is before, + is after. `,
      'Times are left out, and so is what the probe repeats. First boots of each run.',
    ),
    h('div', { class: 'console', tabindex: 0, role: 'region', 'aria-label': 'Differences' }, render(rows)),
  );
}

function consoleOf(cell: CellPage): ConsolePage | undefined {
  return cell.boots[0]?.consoles[0];
}

function linesOf({ lines }: ConsolePage): Line[] {
  const texts: string[] = [];
  const all = lines.map(([n, frame, packed]): Line => {
    const whole = typeof packed === 'number' ? (texts[packed] ?? '') : packed;
    texts.push(whole);
    return { n, frame, text: whole.replace(/^\[ *\d+\.\d{6}\] /, '') };
  });
  return all.filter((line) => !LEFT_OUT.has(line.frame));
}

function compare(before: readonly Line[], after: readonly Line[]): Row[] | null {
  const changes = diffArrays([...before], [...after], {
    comparator: (a, b) => a.text === b.text && a.frame === b.frame,
    maxEditLength: MOST_EDITS,
  });
  if (changes === undefined) return null;
  return changes.flatMap(({ added, removed, value }) =>
    value.map((line): Row => ({ kind: added ? 'come' : removed ? 'gone' : 'same', line })),
  );
}

const SIGNS: Readonly<Record<Row['kind'], string>> = { same: ' ', gone: '−', come: '+' };
const WORDS: Readonly<Record<Row['kind'], string>> = { same: '', gone: 'before: ', come: 'after: ' };

function render(rows: readonly Row[]): HTMLElement[] {
  const near = new Set<number>();
  for (const [i, { kind }] of rows.entries())
    if (kind !== 'same') for (let j = i - CONTEXT; j <= i + CONTEXT; j++) near.add(j);
  const shown: HTMLElement[] = [];
  let left = 0;
  const gap = (): void => {
    if (left > 0)
      shown.push(
        h('p', { class: 'gap' }, `${left.toLocaleString('en')} equal ${left === 1 ? 'line' : 'lines'}`),
      );
    left = 0;
  };
  for (const [i, row] of rows.entries()) {
    if (!near.has(i)) {
      left++;
      continue;
    }
    gap();
    shown.push(rowElement(row));
  }
  gap();
  return shown;
}

function rowElement({ kind, line }: Row): HTMLElement {
  return h(
    'div',
    { class: `ln diff-${kind}` },
    h('span', { class: 'n' }, `${line.n} `, h('b', { 'aria-hidden': 'true' }, SIGNS[kind])),
    h(
      'span',
      { class: 't' },
      h('span', { class: 'sr' }, WORDS[kind]),
      line.frame !== '' && h('span', { class: 'frame' }, line.frame),
      line.text,
    ),
  );
}
