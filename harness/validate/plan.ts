/** The plan of a validation: the guests of a matrix, each under the base, the reference and every backport. Pure. */
import type { MuseumPiece } from '../lab/museum.ts';
import { type KernelEntry, type Matrix, REGISTRATIONS, type TestSpec } from '../matrix/types.ts';
import { cellId } from '../plan/cell-id.ts';
import { makePlan } from '../plan/expand.ts';
import { anything } from '../plan/expectations.ts';
import type { Cell, Plan } from '../plan/types.ts';

/** The axis whose values are negative controls: guests in which a correct kernel refuses the TSC; all but one of them. */
export const CONTROL_AXIS = 'control';
export const NO_CONTROL = 'no';

export function isControl({ axes }: Pick<Cell, 'axes'>): boolean {
  const control = axes[CONTROL_AXIS];
  return control !== undefined && control !== NO_CONTROL;
}

const FAULTLESS: Cell['expectation'] = {
  registration: REGISTRATIONS,
  from: ['the validation: a reference comes up'],
};

/** Of the reference: what the matrix's rules say of it; without a rule it has at least to come up. */
function expectationOf(cell: Cell, reference: string): Cell['expectation'] {
  if (cell.kernel !== reference) return anything(cell, 'the validation, which compares it with the others');
  return cell.expectation.from.every((from) => from === 'default') ? FAULTLESS : cell.expectation;
}

/**
 * The guests of the museum in which a commit shows. Those with tests are left out: their files are named from the museum's folder.
 * The reference may be of an age that the exhibit was not made for, so it has only to come up there.
 */
function cellsOf({ name, guests }: MuseumPiece, kernel: string): Cell[] {
  return guests.flatMap(({ cell: { tests, axes, ...cell } }): Cell[] => {
    if (tests !== undefined) return [];
    const own = { ...axes, kernel, exhibit: name };
    const expectation = { ...cell.expectation, from: ['default'] };
    return [{ ...cell, id: cellId(kernel, cell.guest), kernel, axes: own, expectation }];
  });
}

/**
 * Puts these kernels in the place of the matrix's own, wherever it names one. The guests of the reference come first, then those of
 * the base: what makes the whole of it useless is seen before the backport is booted. The guests of these exhibits come beside the matrix's.
 */
export function planOf(
  matrix: Matrix,
  kernels: {
    readonly base: KernelEntry;
    readonly reference: KernelEntry;
    readonly backports: readonly KernelEntry[];
  },
  filters: readonly string[],
  tests: readonly TestSpec[] = [],
  exhibits: readonly MuseumPiece[] = [],
): Plan {
  const { base, reference, backports } = kernels;
  const entries = [reference, base, ...backports];
  const place = { line: 1, column: 1, path: 'kernels' };
  const axis = { name: 'kernel', values: entries.map(({ name }) => ({ name, settings: {}, place })) };
  const others = (axes: Matrix['axes']) => axes.filter(({ name }) => name !== 'kernel');
  const own: Matrix = {
    ...matrix,
    kernels: entries,
    axes: [axis, ...others(matrix.axes)],
    includes: matrix.includes.map((include) => ({ ...include, axes: [axis, ...others(include.axes)] })),
  };
  const { warnings: _own, ...plan } = makePlan(own, filters);
  const order = entries.map(({ name }) => name);
  const there = new Set(plan.cells.map(({ id }) => id));
  const shown = exhibits.flatMap((piece) => entries.flatMap(({ name }) => cellsOf(piece, name)));
  const cells = [...plan.cells, ...shown.filter(({ id }) => !there.has(id))]
    .map((cell) => (tests.length === 0 ? cell : { ...cell, tests: [...(cell.tests ?? []), ...tests] }))
    .map((cell) => ({ ...cell, expectation: expectationOf(cell, reference.name) }))
    .toSorted((a, b) => order.indexOf(a.kernel) - order.indexOf(b.kernel));
  return { ...plan, name: `validate-${matrix.name}`, cells };
}
