/** The cells of a validation's run, put together by guest. Pure. */
import { rowOf } from '../plan/cell-id.ts';
import type { CellView, RunView } from '../record/run-view.ts';
import { CONTROL_AXIS, isControl, NO_CONTROL } from './plan.ts';
import { kernelSideOf } from './side.ts';
import type { Comparison } from './types.ts';

type Axes = CellView['cell']['axes'];

/** What a guest is called: its axis values, without the kernel and without saying that it is no control. */
export function guestName(axes: Axes): string {
  const { [CONTROL_AXIS]: control, ...rest } = axes;
  return rowOf({ axes: control === undefined || control === NO_CONTROL ? rest : axes });
}

/** By guest, in the order of the plan: the cell of each kernel. */
export function byGuest(view: RunView): Map<string, Map<string, CellView>> {
  const guests = new Map<string, Map<string, CellView>>();
  for (const one of view.cells.values()) {
    const name = guestName(one.cell.axes);
    const cells = guests.get(name) ?? new Map<string, CellView>();
    cells.set(one.cell.kernel, one);
    guests.set(name, cells);
  }
  return guests;
}

/** Guests that all three kernels were planned in; `backport` and the others are names of kernels. */
export function comparisonsOf(
  view: RunView,
  kernels: { readonly base: string; readonly backport: string; readonly reference: string },
): Comparison[] {
  return [...byGuest(view)].flatMap(([guest, cells]): Comparison[] => {
    const [base, backport, reference] = [kernels.base, kernels.backport, kernels.reference].map((name) =>
      cells.get(name),
    );
    if (base === undefined || backport === undefined || reference === undefined) return [];
    return [
      {
        guest,
        isControl: isControl(base.cell),
        base: kernelSideOf(base),
        backport: kernelSideOf(backport),
        reference: kernelSideOf(reference),
      },
    ];
  });
}
