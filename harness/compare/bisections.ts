/** Kernels of which another commit has made a cell worse: which search would name the one that did. Pure. */
import { shellWord } from '../base/shell.ts';
import type { RunView } from '../record/run-view.ts';
import type { Bisection, CellComparison } from './types.ts';

/** One for each kernel: in its first cell that is worse and of which nothing else differs, a deterministic one if there is one. */
export function bisectionsOf(before: RunView, after: RunView, cells: readonly CellComparison[]): Bisection[] {
  const worse = cells.filter(
    ({ direction, inputs }) => direction === 'worse' && inputs.every(({ input }) => input === 'kernel'),
  );
  const byKernel = Map.groupBy(worse, ({ kernel }) => kernel);
  return [...byKernel].flatMap(([kernel, all]): Bisection[] => {
    const [was, is] = [before, after].map(({ kernels }) => kernels.get(kernel)?.ready?.git);
    const matrix = after.started?.matrix.path;
    const cell = all.find(({ clock }) => clock === 'deterministic') ?? all[0];
    if (was === undefined || is === undefined || matrix === undefined || cell === undefined) return [];
    if (was.repository !== is.repository || was.commit === is.commit) return [];
    const words = [
      ...['tscmatrix', 'bisect', '--repo', is.repository, '--good', was.commit, '--bad', is.commit],
      ...['--cell', `${matrix}#${cell.id}`],
    ];
    return [{ kernel, cells: all.length, command: words.map(shellWord).join(' ') }];
  });
}
