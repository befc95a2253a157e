/**
 * Watches a validation's run and stops it if going on is of no use: the reference is not what it should be, or the base
 * does all that the reference does already. The cells of both come first.
 */
import { UserError } from '../base/errors.ts';
import { applyEvent, newRunView } from '../record/run-view.ts';
import type { Reporter } from '../report/reporter.ts';
import { difference } from './agree.ts';
import { byGuest, kernelSideOf } from './comparisons.ts';

interface EarlyStop {
  readonly reporter: Reporter;
  /** Aborted if the run is to end. */
  readonly signal: AbortSignal;
  /** Why; null if it may go on. */
  readonly fault: () => UserError | null;
}

export function makeEarlyStop(base: string, reference: string, tolerancePpm: number): EarlyStop {
  const view = newRunView();
  const stop = new AbortController();
  let fault: UserError | null = null;
  const end = (error: UserError): void => {
    if (fault !== null) return;
    fault = error;
    stop.abort();
  };
  const cellsOf = (kernel: string) => [...view.cells.values()].filter(({ cell }) => cell.kernel === kernel);

  const checkReference = (): void => {
    for (const { cell, judged } of cellsOf(reference)) {
      if (judged?.outcome !== 'unexpected') continue;
      end(
        new UserError(
          `--reference fails its own cell ${cell.id}: ${judged.reason}`,
          'what upstream does not do cannot be asked of a backport: choose another reference, or correct the matrix’ rules for it',
        ),
      );
    }
  };
  const checkBase = (): void => {
    if ([...cellsOf(base), ...cellsOf(reference)].some(({ judged }) => judged === null)) return;
    const pairs = [...byGuest(view).values()].map((cells) => [cells.get(base), cells.get(reference)]);
    const isSame = pairs.every(([one, other]) => {
      if (one === undefined || other === undefined) return false;
      const [a, b] = [kernelSideOf(one), kernelSideOf(other)];
      return a.unclear === null && b.unclear === null && difference(a, b, tolerancePpm) === null;
    });
    if (!isSame) return;
    end(
      new UserError(
        `--base does what --reference does in all ${pairs.length} guests: it has the fix already, or no guest of the matrix shows it`,
        'give the tree without the fix as --base, or a matrix with a guest in which the two differ (--matrix)',
      ),
    );
  };
  return {
    reporter: {
      name: 'validate',
      event: (event) => {
        applyEvent(view, event);
        if (event.type !== 'cell-judged') return;
        checkReference();
        checkBase();
      },
    },
    signal: stop.signal,
    fault: () => fault,
  };
}
