/** Which cells pass: text, outcome or change, verdict, cause and axes, all of them at once. */
import type { FigureName, IndexEntry } from '../types.ts';
import { readAddress, setAddress } from './address.ts';
import { byId } from './dom.ts';
import type { Matrix } from './matrix.ts';

interface Wanted {
  readonly words: readonly string[];
  readonly toggles: ReadonlySet<string>;
  readonly verdict: string | null;
  readonly cause: string | null;
  readonly axes: readonly (readonly [string, string])[];
}

const TOGGLES = 'show';

export function startFilter(entries: readonly IndexEntry[], matrix: Matrix): void {
  const form = byId('filter');
  if (!(form instanceof HTMLFormElement)) return;
  const texts = entries.map(textOf);
  const buttons = [...form.querySelectorAll<HTMLElement>('[data-toggle]')];
  const first = form.querySelector<HTMLElement>('[data-first]')?.dataset.first ?? 'outcome';

  const apply = (): void => {
    const wanted = wantedOf(form, buttons);
    const places = entries.flatMap((entry, i) => (passes(entry, texts[i] ?? '', wanted) ? [i] : []));
    matrix.show(new Set(places));
    const output = byId('shown');
    if (output !== null)
      output.textContent =
        places.length === entries.length
          ? `${entries.length} cells`
          : `${places.length} of ${entries.length} cells`;
    shade(entries, matrix, fieldText(form, 'shade') || first);
    remember(form, buttons);
  };

  restore(form, buttons);
  form.addEventListener('input', apply);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('reset', () => {
    for (const button of buttons) button.setAttribute('aria-pressed', 'false');
    // The fields are cleared after the listeners of this event.
    setTimeout(apply);
  });
  for (const button of buttons) {
    button.addEventListener('click', () => {
      button.setAttribute('aria-pressed', String(button.getAttribute('aria-pressed') !== 'true'));
      apply();
    });
  }
  document.addEventListener('keydown', (event) => {
    const typing = (event.target as HTMLElement).closest('input, select, textarea, dialog') !== null;
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    form.querySelector('input')?.focus();
  });
  apply();
}

function textOf(entry: IndexEntry): string {
  const axes = Object.entries(entry.axes).map(([name, value]) => `${name}=${value}`);
  return [
    entry.id,
    entry.row,
    ...axes,
    entry.outcome,
    entry.change ?? '',
    ...entry.verdicts,
    ...entry.causes,
    entry.words,
  ]
    .join('\n')
    .toLowerCase();
}

function passes(entry: IndexEntry, text: string, wanted: Wanted): boolean {
  return (
    (wanted.toggles.size === 0 || wanted.toggles.has(entry.change ?? entry.outcome)) &&
    (wanted.verdict === null || entry.verdicts.includes(wanted.verdict)) &&
    (wanted.cause === null || entry.causes.includes(wanted.cause)) &&
    wanted.axes.every(([axis, value]) => Object.hasOwn(entry.axes, axis) && entry.axes[axis] === value) &&
    wanted.words.every((word) => text.includes(word))
  );
}

function fieldText(form: HTMLFormElement, name: string): string {
  return String(new FormData(form).get(name) ?? '');
}

function pressed(buttons: readonly HTMLElement[]): string[] {
  return buttons.flatMap((button) =>
    button.getAttribute('aria-pressed') === 'true' ? (button.dataset.toggle ?? []) : [],
  );
}

/** Chosen values come with a "=" in front, since an axis may have an empty value. */
function chosen(text: string): string | null {
  return text === '' ? null : text.slice(1);
}

function wantedOf(form: HTMLFormElement, buttons: readonly HTMLElement[]): Wanted {
  const fields = [...new FormData(form)].map(([name, value]) => [name, String(value)] as const);
  return {
    words: fieldText(form, 'q')
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== ''),
    toggles: new Set(pressed(buttons)),
    verdict: chosen(fieldText(form, 'verdict')),
    cause: chosen(fieldText(form, 'cause')),
    axes: fields.flatMap(([name, text]) => {
      const value = chosen(text);
      return name.startsWith('axis.') && value !== null ? [[name.slice('axis.'.length), value] as const] : [];
    }),
  };
}

function remember(form: HTMLFormElement, buttons: readonly HTMLElement[]): void {
  const fields = [...new FormData(form)].map(([name, value]) => [name, String(value)]);
  setAddress({ ...Object.fromEntries(fields), [TOGGLES]: pressed(buttons).join(',') });
}

function restore(form: HTMLFormElement, buttons: readonly HTMLElement[]): void {
  const address = readAddress();
  for (const field of form.elements) {
    const named = field instanceof HTMLInputElement || field instanceof HTMLSelectElement;
    const value = named ? address.get(field.name) : null;
    if (named && value !== null) field.value = value;
  }
  const on = (address.get(TOGGLES) ?? '').split(',');
  for (const button of buttons)
    button.setAttribute('aria-pressed', String(on.includes(button.dataset.toggle ?? '')));
}

/**
 * Shades the table by what was found, or by a figure in place of the outcome: the darker, the larger. The figure itself is
 * shown as well.
 */
const STEPS = 5;

export function shade(entries: readonly IndexEntry[], matrix: Matrix, name: string): void {
  const isFigure = name !== 'outcome' && name !== 'finding';
  const figures = entries.map((entry) => (isFigure ? size(entry.figures[name as FigureName]) : null));
  const known = figures.flatMap((figure) => figure ?? []).sort((a, b) => a - b);
  for (const [i, entry] of entries.entries()) {
    const cell = matrix.cells.get(i);
    if (cell === undefined) continue;
    const figure = figures[i] ?? null;
    if (!isFigure) {
      delete cell.dataset.figure;
      if (name === 'finding') cell.dataset.shade = entry.finding ?? 'none';
      else delete cell.dataset.shade;
      continue;
    }
    cell.dataset.shade = figure === null ? 'none' : String(stepOf(figure, known));
    cell.dataset.figure = figureText(entry.figures[name as FigureName], name as FigureName);
  }
}

/** Costs span orders of magnitude, and so does the distance from the true frequency. */
function size(figure: number | null): number | null {
  return figure === null ? null : Math.log10(Math.max(Math.abs(figure), 0.01));
}

function stepOf(figure: number, sorted: readonly number[]): number {
  const [low = 0, high = 0] = [sorted[0], sorted.at(-1)];
  if (high - low < 1e-9) return 0;
  return Math.min(STEPS - 1, Math.floor((STEPS * (figure - low)) / (high - low)));
}

function figureText(figure: number | null, name: FigureName): string {
  if (figure === null) return 'not known';
  if (name === 'ppm') return `${figure > 0 ? '+' : ''}${figure.toFixed(1)} ppm`;
  return name === 'cpuMs' ? `${(figure / 1000).toFixed(1)} s` : `${figure.toLocaleString('en')} cycles`;
}
