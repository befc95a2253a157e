/** `--filter AXIS=VALUE[,VALUE]`, `AXIS!=VALUE`, `cell=ID`: which cells of a plan to run. */
import { UserError } from '../base/errors.ts';
import { globTest, isGlob } from '../base/glob.ts';
import { nearest, shortList, suggestion } from '../base/suggest.ts';
import { isSetting, SETTING_NAMES, settingPattern } from '../matrix/settings.ts';
import type { Condition } from '../matrix/types.ts';
import { axisValue, conditionsTest } from './conditions.ts';
import type { Cell } from './types.ts';

const CELL = 'cell';

/** The cells that pass all filters. Throws UserError for an unknown axis or value, and if none is left. */
export function applyFilters(cells: readonly Cell[], filters: readonly string[]): readonly Cell[] {
  if (filters.length === 0) return cells;
  const conditions = filters.map((filter) => parseFilter(filter, cells));
  const byAxis = conditionsTest(conditions.filter(({ key }) => key !== CELL));
  const byId = conditions.filter(({ key }) => key === CELL).map(idTest);
  const kept = cells.filter((cell) => byAxis(cell) && byId.every((matches) => matches(cell.id)));
  if (kept.length > 0) return kept;
  throw new UserError(
    `no cell is left by --filter ${filters.join(' --filter ')}`,
    'several filters must all hold; give values of one axis as AXIS=VALUE,VALUE',
  );
}

function idTest({ not, patterns }: Condition): (id: string) => boolean {
  const globs = patterns.map(globTest);
  return (id) => globs.some((matches) => matches(id)) !== not;
}

function parseFilter(filter: string, cells: readonly Cell[]): Condition {
  const match = /^([^=!]+)(!?=)(.*)$/s.exec(filter);
  if (match === null) {
    throw new UserError(
      `--filter ${filter}: not of the form AXIS=VALUE`,
      'for example --filter hpet=off or --filter kernel!=debian-*',
    );
  }
  const [, axis = '', operator, list = ''] = match;
  const key = axis.trim();
  const axes = knownAxes(cells);
  if (!axes.includes(key) && !isSetting(key))
    throw new UserError(`--filter ${filter}: there is no axis ${JSON.stringify(key)}`, axisHint(key, axes));
  const values = key === CELL ? cells.map(({ id }) => id) : valuesOn(cells, key);
  return { key, not: operator === '!=', patterns: patternsOf(key, list, filter, values) };
}

function knownAxes(cells: readonly Cell[]): readonly string[] {
  const names = new Set<string>();
  for (const cell of cells) for (const name in cell.axes) names.add(name);
  return [...new Set([...names, ...SETTING_NAMES, CELL])];
}

function axisHint(key: string, axes: readonly string[]): string {
  const near = nearest(key, axes);
  return `${near === undefined ? '' : `did you mean ${near}? `}known: ${axes.join(', ')}`;
}

function valuesOn(cells: readonly Cell[], key: string): readonly string[] {
  const values = new Set<string>();
  for (const cell of cells) {
    const value = axisValue(cell, key);
    if (value !== undefined) values.add(value);
  }
  return [...values];
}

/** The list at its commas. A value that holds commas itself (cpu=max,+invtsc; a cell's id) may be given whole. */
function patternsOf(key: string, list: string, filter: string, values: readonly string[]): readonly string[] {
  const whole = patternOf(key, list);
  if (values.some(globTest(whole))) return [whole];
  return list.split(',').map((text) => {
    const pattern = patternOf(key, text.trim());
    if (values.some(globTest(pattern))) return pattern;
    const what = isGlob(text) ? `matches no ${key}` : `is no ${key} of this matrix`;
    throw new UserError(`--filter ${filter}: ${JSON.stringify(text)} ${what}`, valueHint(text, values));
  });
}

function patternOf(key: string, text: string): string {
  return isSetting(key) ? (settingPattern(key, text) ?? text) : text;
}

function valueHint(text: string, values: readonly string[]): string {
  const hint = suggestion(text, values) ?? 'no cell has a value there';
  return hint.startsWith('did you') ? `${hint} known: ${shortList(values)}` : hint;
}
