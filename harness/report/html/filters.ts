/** The bar above the table: text, outcomes or changes, verdicts, causes, axes, and what to shade by. */
import { html, type Markup } from './markup.ts';
import { CHANGE_CLASS, CHANGE_MARKS, OUTCOME_MARKS } from './symbols.ts';
import type { FigureName, IndexEntry } from './types.ts';

/** What a cell is shaded by unless a figure is chosen: whether tsc is there, or whether that was expected. */
export type Shade = 'finding' | 'outcome';

const FIGURES: Readonly<Record<FigureName, string>> = {
  ppm: 'accuracy',
  pmCycles: 'PM timer read cost',
  hpetCycles: 'HPET read cost',
  cpuMs: 'CPU time',
};

const SHADES: Readonly<Record<Shade, string>> = { finding: 'finding: is tsc there?', outcome: 'outcome' };

interface ToggleChoice {
  readonly value: string;
  readonly count: number;
}

export function filterBar(
  entries: readonly IndexEntry[],
  toggles: readonly ToggleChoice[],
  first: Shade = 'outcome',
): Markup {
  return html`<form id="filter" role="search" aria-label="Filter cells">
<div class="toggles" role="group" aria-label="Show only">${toggles.filter(({ count }) => count > 0).map(toggle)}</div>
<div class="fields">
<label class="find"><span class="sr">Find in ids, guests, verdicts, causes and reasons</span><input type="search" name="q" placeholder="Find text  ( / )" autocomplete="off" spellcheck="false"></label>
${choice('verdict', 'verdict', distinct(entries.flatMap((entry) => entry.verdicts)))}
${choice('cause', 'cause', distinct(entries.flatMap((entry) => entry.causes)))}
${axisNames(entries).map((axis) => axisChoice(axis, entries))}
${shadeChoice(entries, first)}
<button type="reset">Clear</button>
</div>
<p id="shown" role="status" aria-live="polite"></p>
</form>`;
}

function toggle({ value, count }: ToggleChoice): Markup {
  const marks: Readonly<Record<string, string>> = { ...CHANGE_MARKS, ...OUTCOME_MARKS };
  const looks: Readonly<Record<string, string>> = CHANGE_CLASS;
  return html`<button type="button" class="toggle o-${looks[value] ?? value}" data-toggle="${value}" aria-pressed="false"><i aria-hidden="true">${marks[value] ?? ''}</i> ${value} <b>${count}</b></button>`;
}

/** A cell that an include added may lack an axis: then one value is a choice as well. */
function axisChoice(axis: string, entries: readonly IndexEntry[]): Markup | null {
  // An axis may be called toString, which every object has.
  const having = entries.filter((entry) => Object.hasOwn(entry.axes, axis));
  const values = distinct(having.map((entry) => entry.axes[axis] ?? ''));
  const lacking = having.length < entries.length;
  return choice(`axis.${axis}`, axis, values, lacking ? 1 : 2);
}

/** Nothing to choose if all cells have the same. */
function choice(name: string, title: string, values: readonly string[], least = 2): Markup | null {
  if (values.length < least) return null;
  const options = values.map(
    (value) => html`<option value="=${value}">${value === '' ? '(empty)' : value}</option>`,
  );
  return html`<label class="choice"><span>${title}</span><select name="${name}" aria-label="${title}"><option value="">any</option>${options}</select></label>`;
}

/** The first choice is the page's own, which its address need not name. */
function shadeChoice(entries: readonly IndexEntry[], first: Shade): Markup | null {
  const figures = (Object.keys(FIGURES) as FigureName[]).filter(
    (name) => new Set(entries.map((entry) => entry.figures[name])).size > 1,
  );
  const shades: readonly Shade[] = first === 'finding' ? ['finding', 'outcome'] : ['outcome', 'finding'];
  const options = [
    ...shades.map((name) => html`<option value="${name === first ? '' : name}">${SHADES[name]}</option>`),
    ...figures.map((name) => html`<option value="${name}">${FIGURES[name]}</option>`),
  ];
  return html`<label class="choice"><span>shade by</span><select name="shade" aria-label="shade by" data-first="${first}">${options}</select></label>`;
}

function axisNames(entries: readonly IndexEntry[]): string[] {
  return distinct(entries.flatMap((entry) => Object.keys(entry.axes)));
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}
