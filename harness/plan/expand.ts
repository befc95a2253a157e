/** A matrix and filters to a plan: the cells to boot, each once, in the order of the file. */

import { shortList } from '../base/suggest.ts';
import { isKvmGuest } from '../matrix/accelerators.ts';
import { MatrixError, problemAt, sortProblems } from '../matrix/problems.ts';
import {
  isSetting,
  normalizeGuest,
  SETTING_NAMES,
  SETTINGS,
  type SettingKey,
  settingOf,
  settingText,
  textOf,
} from '../matrix/settings.ts';
import type { Axis, GuestSpec, Matrix, Place, Problem } from '../matrix/types.ts';
import { guestId, shorten } from './cell-id.ts';
import { type Combination, countCombinations, forEachCombination } from './combinations.ts';
import { conditionsTest } from './conditions.ts';
import { makeExpectations } from './expectations.ts';
import { applyFilters } from './filter.ts';
import { impossible } from './impossible.ts';
import { makeTests } from './tests.ts';
import type { Cell, Plan } from './types.ts';

/** More cells than this are a mistake: they would boot for weeks. */
export const MAX_COMBINATIONS = 250_000;
const MAX_FAULTS = 20;
const TOP: Place = { line: 1, column: 1, path: '' };

/** One kind of guest, shared by all cells that have it. */
interface Guest {
  readonly spec: GuestSpec;
  readonly id: string;
}

/** A cell before its expectation is known, with the include that it comes from, if any. */
type Draft = Omit<Cell, 'expectation'>;

/**
 * The plan of a matrix. `filters` are as typed: AXIS=VALUE[,VALUE] or AXIS!=VALUE.
 * Throws MatrixError for combinations that cannot be, and UserError for filters that fit nothing.
 */
export function makePlan(matrix: Matrix, filters: readonly string[] = []): Plan {
  const warnings: Problem[] = [...matrix.warnings];
  const warn = (place: Place, message: string): void =>
    void warnings.push(problemAt(matrix.path, place, message));
  const drafts = expand(matrix, warn);
  if (drafts.length === 0) {
    throw new MatrixError([
      problemAt(matrix.path, { ...TOP, path: 'exclude' }, 'the matrix has no cells: everything is excluded'),
    ]);
  }
  const cells = merge(drafts, matrix, warn);
  const kept = applyFilters(cells, filters);
  const used = new Set(kept.map(({ kernel }) => kernel));
  return {
    name: matrix.name,
    matrixSha256: matrix.sha256,
    matrixPath: matrix.path,
    kernels: matrix.kernels.filter(({ name }) => used.has(name)),
    cells: kept,
    warnings: sortProblems(warnings),
  };
}

type Warn = (place: Place, message: string) => void;

function expand(matrix: Matrix, warn: Warn): readonly Draft[] {
  const drafts: Draft[] = [];
  const faults = new Map<string, Problem>();
  const guests = new Map<string, Guest>();
  const excludes = matrix.excludes.map((exclude) => ({
    exclude,
    matches: conditionsTest(exclude.when),
    used: false,
  }));
  const add = (combination: Combination, axes: Cell['axes'], place: Place | undefined): void => {
    const found = impossible(combination);
    for (const { message, hint, choice } of found) {
      const where = place ?? choice?.value.place ?? { ...TOP, path: 'defaults' };
      if (!faults.has(`${where.path} ${message}`)) {
        faults.set(`${where.path} ${message}`, problemAt(matrix.path, where, message, hint));
      }
    }
    if (found.length > 0) return;
    const { spec, id } = internGuest(guests, combination.guest);
    const kernel = axes.kernel ?? '';
    const named = combination.choices.find(({ axis }) => axis === 'kernel');
    const { line } = place ?? named?.value.place ?? TOP;
    drafts.push({ id: shorten(`${kernel}.${id}`), kernel, guest: spec, axes, line });
  };

  checkSize(matrix, matrix.axes, { ...TOP, path: 'axes' });
  forEachCombination(matrix.base, matrix.axes, (combination) => {
    const axes = chosen(combination);
    const subject = { axes, guest: combination.guest };
    const excluding = excludes.filter(({ matches }) => matches(subject));
    for (const entry of excluding) entry.used = true;
    if (excluding.length === 0) add(combination, axes, undefined);
  });
  for (const { exclude, used } of excludes) {
    if (!used) warn(exclude.place, 'excludes nothing: no combination of the axes meets it');
  }
  for (const { axes, place } of matrix.includes) {
    checkSize(matrix, axes, place);
    forEachCombination(matrix.base, axes, (combination) =>
      add(combination, includedAxes(combination, matrix), place),
    );
    if (drafts.length > MAX_COMBINATIONS) throw tooLarge(matrix, drafts.length, place);
  }
  if (faults.size > 0) throw new MatrixError(sortProblems([...faults.values()]).slice(0, MAX_FAULTS));
  return drafts;
}

function checkSize(matrix: Matrix, axes: readonly Axis[], place: Place): void {
  const count = countCombinations(axes);
  if (count > MAX_COMBINATIONS) throw tooLarge(matrix, count, place);
}

function tooLarge(matrix: Matrix, count: number, place: Place): MatrixError {
  const message = `${count} combinations are more than the ${MAX_COMBINATIONS} that a matrix may have`;
  return new MatrixError([problemAt(matrix.path, place, message, 'split it into several matrices')]);
}

function chosen({ choices }: Combination): Record<string, string> {
  const axes: Record<string, string> = {};
  for (const { axis, value } of choices) axes[axis] = value.name;
  return axes;
}

function internGuest(guests: Map<string, Guest>, spec: GuestSpec): Guest {
  let key = '';
  for (const name of SETTING_NAMES) key += `${settingText(spec[SETTINGS[name].field])}\n`;
  let guest = guests.get(key);
  if (guest === undefined) {
    const normal = normalizeGuest(spec);
    guest = normal === spec ? { spec, id: guestId(spec) } : internGuest(guests, normal);
    guests.set(key, guest);
  }
  return guest;
}

/**
 * Settings on an axis of the matrix are always among a cell's axis values, also if an include does not name
 * them. Others that an include names are there only if they change something: the same guest is the same row.
 */
function includedAxes(combination: Combination, matrix: Matrix): Cell['axes'] {
  const named = chosen(combination);
  const axes: Record<string, string> = {};
  for (const { name } of matrix.axes) {
    if (isSetting(name)) axes[name] = textOf(combination.guest, name);
    else if (Object.hasOwn(named, name)) axes[name] = named[name] ?? '';
  }
  for (const [name, value] of Object.entries(named)) {
    if (Object.hasOwn(axes, name)) continue;
    if (!isSetting(name) || value !== unnamed(combination.guest, name, matrix)) axes[name] = value;
  }
  return axes;
}

/** The text that a setting of a guest would have if nobody had named it. */
function unnamed(guest: GuestSpec, name: SettingKey, matrix: Matrix): string {
  const { field } = settingOf(name);
  return textOf({ ...guest, [field]: matrix.base[field] }, name);
}

/** Each id once, with its expectation. The same guest under two names must be expected to do the same. */
function merge(drafts: readonly Draft[], matrix: Matrix, warn: Warn): readonly Cell[] {
  const expectations = makeExpectations(matrix.rules);
  const tests = makeTests(matrix);
  const cells = new Map<string, Cell>();
  const duplicates: string[] = [];
  const faults: Problem[] = [];
  for (const one of drafts) {
    const own = tests.of(one);
    const cell: Cell = { ...one, ...expectations.of(one), ...(own.length === 0 ? {} : { tests: own }) };
    const first = cells.get(cell.id);
    if (first === undefined) {
      cells.set(cell.id, cell);
      continue;
    }
    duplicates.push(cell.id);
    if (!sameBoot(first, cell)) {
      faults.push(
        problemAt(matrix.path, TOP, `two different cells have the id ${cell.id}`, 'rename the kernel of one'),
      );
    } else if (!sameExpectation(first, cell)) {
      const message = `the cell ${cell.id} comes up twice, with different expectations (${first.expectation.from.join(', ')} and ${cell.expectation.from.join(', ')})`;
      faults.push(
        problemAt(matrix.path, TOP, message, 'make the two differ in a setting, or expect the same of both'),
      );
    }
  }
  faults.push(...uncountable([...cells.values()], matrix), ...tests.faults([...cells.values()]));
  if (faults.length > 0) throw new MatrixError(faults.slice(0, MAX_FAULTS));
  if (duplicates.length > 0) {
    warn(TOP, `${duplicates.length} cells come up more than once and boot once: ${shortList(duplicates, 3)}`);
  }
  for (const { place } of tests.unused()) warn(place, 'runs in no cell');
  for (const rule of expectations.unused()) warn(rule.place, 'matches no cell');
  return [...cells.values()];
}

/** Rules that expect counted reads if nothing can count them: such a cell could never be as expected. */
function uncountable(cells: readonly Cell[], matrix: Matrix): readonly Problem[] {
  const without = cells.filter(({ guest, expectation }) => !isKvmGuest(guest.topology) && expectation.reads);
  const from = new Set(
    without.map(({ expectation }) =>
      matrix.rules.findLast((rule) => rule.reads !== undefined && expectation.from.includes(rule.from)),
    ),
  );
  return [...from]
    .filter((rule) => rule !== undefined)
    .map(({ place }) =>
      problemAt(
        matrix.path,
        place,
        'expects counted reads of cells under tcg: they are counted where a KVM guest exits, and an emulated CPU does not',
        'add when: { topology: { not: tcg } }',
      ),
    );
}

function sameBoot(a: Cell, b: Cell): boolean {
  return (
    a.kernel === b.kernel &&
    (a.guest === b.guest || JSON.stringify(a.guest) === JSON.stringify(b.guest)) &&
    JSON.stringify(a.tests) === JSON.stringify(b.tests)
  );
}

function sameExpectation(a: Cell, b: Cell): boolean {
  const { from: _a, ...first } = a.expectation;
  const { from: _b, ...second } = b.expectation;
  return a.expectation === b.expectation || JSON.stringify(first) === JSON.stringify(second);
}
