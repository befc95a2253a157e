/** The margins of all kernels of a validation, in its guests whose reads can be delayed. */
import { join } from 'node:path';
import { cellFor } from '../lab/margin/guests.ts';
import type { Reference } from '../lab/margin/limits.ts';
import { type Margin, measureMargin } from '../lab/margin/margin.ts';
import { openRunner } from '../lab/runner.ts';
import { defaultJobs, runInParallel } from '../lab/schedule.ts';
import { isKvmGuest, personalityOf } from '../matrix/accelerators.ts';
import type { GuestSpec } from '../matrix/types.ts';
import type { Cell } from '../plan/types.ts';
import { guestName } from './comparisons.ts';
import type { MarginComparison, MarginValue } from './margins.ts';
import { isControl } from './plan.ts';
import type { ValidateInput, ValidationRun } from './validate.ts';

/** One guest of the matrix, with the counter that its kernel reads. */
interface Place {
  readonly name: string;
  readonly guest: GuestSpec;
  readonly reference: Reference;
}

/**
 * Undelayed KVM guests without an invariant TSC: one for each personality that measures its TSC, and each counter. What else a guest
 * has moves no limit on a read.
 */
export function placesOf(cells: readonly Pick<Cell, 'axes' | 'guest'>[]): Place[] {
  const places = new Map<string, Place>();
  for (const cell of cells) {
    const { guest, axes } = cell;
    const { pmNs, hpetNs, disturbance } = guest.refDelay;
    const isPlain =
      !isControl(cell) &&
      isKvmGuest(guest.topology) &&
      guest.clock === 'deterministic' &&
      guest.pmtimer &&
      guest.smp === 1 &&
      guest.append === '' &&
      !guest.cpu.includes('invtsc') &&
      pmNs + hpetNs === 0 &&
      disturbance === null;
    const personality = personalityOf(guest);
    if (!isPlain || !['kvm', 'none'].includes(personality)) continue;
    const reference = guest.hpet ? 'hpet' : 'pm';
    const key = `${personality} ${reference}`;
    if (!places.has(key)) places.set(key, { name: guestName(axes), guest, reference });
  }
  return [...places.values()];
}

function marginValue({ outcome, registersUpToNs, stopsFromNs, maxNs, boots }: Margin): MarginValue {
  return {
    upToNs: registersUpToNs,
    stopsAtNs: stopsFromNs,
    triedNs: maxNs,
    boots,
    isUnclear: outcome === 'unclear',
  };
}

interface MeasureOptions {
  readonly folder: string;
  readonly stepNs: number;
  readonly onProgress: (text: string) => void;
}

export interface Margins {
  /** Of a backport, by its kernel's name. */
  of(backport: string): MarginComparison[];
}

/** Throws HostFault if the host fails boots again and again. A kernel that did not build has no margin. */
export async function measureMargins(
  { record, plan }: ValidationRun,
  input: ValidateInput,
  options: MeasureOptions,
): Promise<Margins> {
  const { stepNs, onProgress, folder } = options;
  const places = placesOf(plan.cells);
  const images = new Map(
    [...record.view.kernels].flatMap(([name, { ready }]) =>
      ready === null ? [] : [[name, ready.path] as const],
    ),
  );
  const runner = openRunner({
    cells: places.map(({ guest, reference }) => cellFor(guest, reference, guest.refDelay)),
    qemu: input.run.qemu,
    timeoutS: input.run.timeoutS,
    onProgress,
  });
  const found = new Map<string, MarginValue>();
  const works = places.flatMap((place) => [...images].map(([kernel, path]) => ({ place, kernel, path })));
  const memoryMiB = Math.max(0, ...places.map(({ guest }) => guest.memoryMiB));
  let done = 0;
  await runInParallel(works, input.run.jobs ?? defaultJobs(memoryMiB), async ({ place, kernel, path }) => {
    const name = `${kernel}-${personalityOf(place.guest)}-${place.reference}`;
    const margin = await measureMargin(runner, path, place.guest, {
      reference: place.reference,
      stepNs,
      folder: join(folder, name),
      name: join('margins', name),
      onProgress: (text) =>
        onProgress(`margins, ${done} of ${works.length}: ${kernel}, ${place.name}: ${text}`),
    });
    done += 1;
    found.set(`${kernel} ${place.name}`, marginValue(margin));
  });
  return {
    of: (backport) =>
      places.flatMap(({ name }): MarginComparison[] => {
        const [base, own, reference] = [input.base.name, backport, input.reference.name].map((kernel) =>
          found.get(`${kernel} ${name}`),
        );
        if (base === undefined || own === undefined || reference === undefined) return [];
        return [{ guest: name, stepNs, base, backport: own, reference }];
      }),
  };
}
