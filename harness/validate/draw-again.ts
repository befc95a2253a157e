/** Boots base and backport in guests of random disturbance with other seeds, until that decides: draws.ts. */
import { join } from 'node:path';
import { type BootOutcome, openRunner } from '../lab/runner.ts';
import { defaultJobs, runInParallel } from '../lab/schedule.ts';
import { cellId } from '../plan/cell-id.ts';
import type { Plan } from '../plan/types.ts';
import { guestName, testsOf } from './comparisons.ts';
import {
  addDraw,
  type Draws,
  guestsToDraw,
  NO_DRAWS,
  type RandomCell,
  stateOfDraws,
  weighDraws,
  withSeed,
} from './draws.ts';
import type { Backport } from './kernels.ts';
import type { JudgedGuest, ValidateInput, ValidationRun } from './validate.ts';

interface DrawOptions {
  readonly folder: string;
  readonly onProgress: (text: string) => void;
}

/** The guests again, weighed by what further seeds showed. Throws HostFault if this host cannot boot such a guest at all. */
export async function drawAgain(
  { record, plan }: ValidationRun,
  judged: readonly JudgedGuest[],
  input: ValidateInput,
  backport: Backport,
  { folder, onProgress }: DrawOptions,
): Promise<readonly JudgedGuest[]> {
  const places = placesToDraw(plan, judged, input);
  if (places.length === 0) return judged;
  const { qemu, timeoutS } = input.run;
  const drawn = places.map(({ cell }) => cell);
  const runner = openRunner({ cells: drawn, matrixPath: plan.matrixPath, qemu, timeoutS, onProgress });
  const boot = (own: RandomCell, kernel: string, nth: number): Promise<BootOutcome> => {
    const guest = withSeed(own.guest, nth);
    const cell = { ...own, kernel, guest, id: cellId(kernel, guest) };
    const path = record.view.kernels.get(kernel)?.ready?.path ?? '';
    return runner.boot(cell, path, join(folder, cell.id));
  };
  const kernels = [input.base.name, backport.entry.name];
  const found = new Map<string, Draws>();
  for (const { trio, cell } of places) {
    let draws = addDraw(NO_DRAWS, trio.backport, trio.base, input.tolerancePpm);
    for (let nth = 1; stateOfDraws(draws) === 'more'; nth++) {
      onProgress(`other seeds, ${trio.guest}: ${nth}`);
      const outcomes = new Map<string, BootOutcome>();
      await runInParallel(kernels, input.run.jobs ?? defaultJobs(cell.guest.memoryMiB), async (kernel) => {
        outcomes.set(kernel, await boot(cell, kernel, nth));
      });
      const [theirs, mine] = kernels.map((kernel) => outcomes.get(kernel));
      draws = after(draws, mine, theirs, input.tolerancePpm);
    }
    found.set(trio.guest, draws);
  }
  return judged.map(({ trio, judged: one }) => ({ trio, judged: weighDraws(one, found.get(trio.guest)) }));
}

/** The same where it cannot be done: what other seeds would have to confirm is no answer. `judged` itself if that is nothing. */
export function withoutDraws(
  { plan }: ValidationRun,
  judged: readonly JudgedGuest[],
  input: ValidateInput,
): readonly JudgedGuest[] {
  const places = new Set(placesToDraw(plan, judged, input).map(({ trio }) => trio));
  if (places.size === 0) return judged;
  return judged.map(({ trio, judged: one }) => {
    if (!places.has(trio)) return { trio, judged: one };
    const { offPpm: _, ...rest } = one;
    return { trio, judged: { ...rest, finding: 'unclear', why: `not confirmed by other seeds: ${one.why}` } };
  });
}

function placesToDraw({ cells }: Plan, judged: readonly JudgedGuest[], { base }: ValidateInput) {
  const own = cells.filter(({ kernel }) => kernel === base.name);
  return guestsToDraw(judged, new Map(own.map((cell) => [guestName(cell.axes), cell])));
}

function after(
  draws: Draws,
  mine: BootOutcome | undefined,
  theirs: BootOutcome | undefined,
  tolerancePpm: number,
): Draws {
  const fault = [mine, theirs].find((one) => one?.kind === 'host-fault');
  if (fault?.kind === 'host-fault') return { ...draws, fault: fault.reason };
  if (mine?.kind !== 'seen' || theirs?.kind !== 'seen') throw new Error('a boot without an outcome');
  const [one, other] = [mine.observation, theirs.observation];
  if ([one, other].some(({ verdict }) => verdict === 'undetermined'))
    return { ...draws, alike: draws.alike + 1 };
  return addDraw(draws, { ...one, tests: testsOf(mine) }, { ...other, tests: testsOf(theirs) }, tolerancePpm);
}
