/** Boots base and backport in guests of random disturbance with other seeds, until that decides: draws.ts. */
import { join } from 'node:path';
import { type BootOutcome, openRunner } from '../lab/runner.ts';
import { defaultJobs, runInParallel } from '../lab/schedule.ts';
import { cellId } from '../plan/cell-id.ts';
import type { Cell } from '../plan/types.ts';
import { guestName, testsOf } from './comparisons.ts';
import { addDraw, type Draws, guestsToDraw, NO_DRAWS, stateOfDraws, withSeed } from './draws.ts';
import type { Backport } from './kernels.ts';
import type { JudgedGuest, ValidateInput, ValidationRun } from './validate.ts';

interface DrawOptions {
  readonly folder: string;
  readonly onProgress: (text: string) => void;
}

/** By guest. Throws HostFault if this host cannot boot such a guest at all. */
export async function drawAgain(
  { record, plan }: ValidationRun,
  judged: readonly JudgedGuest[],
  input: ValidateInput,
  backport: Backport,
  { folder, onProgress }: DrawOptions,
): Promise<ReadonlyMap<string, Draws>> {
  const cells = plan.cells.filter(({ kernel }) => kernel === input.base.name);
  const places = guestsToDraw(judged, new Map(cells.map(({ axes, guest }) => [guestName(axes), guest])));
  const found = new Map<string, Draws>();
  const [first] = places;
  if (first === undefined) return found;
  const cellOf = (kernel: string, place: (typeof places)[number], nth: number): Cell => {
    const guest = withSeed(place.guest, nth);
    const own = cells.find(({ axes }) => guestName(axes) === place.trio.guest) as Cell;
    return { ...own, kernel, guest, id: cellId(kernel, guest) };
  };
  const runner = openRunner({
    cells: places.map((place) => cellOf(input.base.name, place, 0)),
    qemu: input.run.qemu,
    timeoutS: input.run.timeoutS,
    onProgress,
  });
  const boot = (kernel: string, place: (typeof places)[number], nth: number): Promise<BootOutcome> => {
    const cell = cellOf(kernel, place, nth);
    const path = record.view.kernels.get(kernel)?.ready?.path ?? '';
    return runner.boot(cell, path, join(folder, cell.id));
  };
  for (const place of places) {
    const { guest, base, backport: own } = place.trio;
    let draws = addDraw(NO_DRAWS, own, base, input.tolerancePpm);
    for (let nth = 1; stateOfDraws(draws) === 'more'; nth++) {
      onProgress(`other seeds, ${guest}: ${nth}`);
      const outcomes = new Map<string, BootOutcome>();
      const kernels = [input.base.name, backport.entry.name];
      await runInParallel(kernels, input.run.jobs ?? defaultJobs(place.guest.memoryMiB), async (kernel) => {
        outcomes.set(kernel, await boot(kernel, place, nth));
      });
      const [theirs, mine] = kernels.map((kernel) => outcomes.get(kernel));
      draws = after(draws, mine, theirs, input.tolerancePpm);
    }
    found.set(guest, draws);
  }
  return found;
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
