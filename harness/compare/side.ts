/** A cell as one run has it, made from the record alone. */
import { furthest } from '../base/figures.ts';
import { type CellView, type KernelView, resultOf } from '../record/run-view.ts';
import type { CellFinished } from '../record/types.ts';
import { clockKind } from '../verdict/clock.ts';
import { resultsOf } from '../verdict/test-expectation.ts';
import type { CellSide } from './types.ts';

export function cellSideOf(view: CellView, kernel: KernelView | undefined): CellSide {
  const finished = view.boots.flatMap((boot) => (boot.finished === null ? [] : [boot.finished]));
  const observed = finished.map(({ observation }) => observation);
  const verdicts = observed.map(({ verdict }) => verdict);
  return {
    ...resultOf(view),
    // A kernel that could not be built is judged without a boot.
    verdicts: verdicts.length > 0 ? verdicts : (view.judged?.verdicts ?? []),
    current: once(observed.flatMap(({ current }) => (current === null ? [] : [current]))),
    available: once(
      observed.flatMap(({ available }) => (available === null ? [] : [available.toSorted().join(' ')])),
    ),
    causes: once(observed.flatMap(({ diagnosis }) => (diagnosis === null ? [] : [diagnosis.cause]))),
    clocks: once(
      observed.flatMap(({ clock }) =>
        clock == null ? [] : [clockKind(clock, view.cell.guest.clock !== 'real')],
      ),
    ),
    tests: once(
      observed.flatMap(({ tests = [] }) =>
        tests.flatMap(resultsOf).map(({ name, state }) => `${name} ${state}`),
      ),
    ),
    ppm: furthest(observed.map(({ ppm }) => ppm)),
    boots: finished.map(bootSide),
    kernelRelease: kernel?.ready?.release.split(' ')[0] ?? null,
    kernelSha256: kernel?.ready?.sha256 ?? null,
  };
}

function bootSide({
  boot,
  observation,
  transcriptSha256,
  wallMs,
  folder,
}: CellFinished): CellSide['boots'][0] {
  return {
    boot,
    verdict: observation.verdict,
    transcriptSha256: transcriptSha256 ?? null,
    wallMs,
    folder,
  };
}

function once<T extends string>(values: readonly T[]): T[] {
  return [...new Set(values)].toSorted();
}

/** Whether guests were judged: a skipped, lost or failed cell says nothing about its kernel. */
export function hasResult({ outcome }: CellSide): boolean {
  return outcome === 'expected' || outcome === 'unexpected' || outcome === 'flaky';
}

/** The one transcript that all boots gave; null if they differ, or if the end frame never came. */
export function transcriptOf({ boots }: CellSide): string | null {
  const [first] = boots;
  return first !== undefined && boots.every((boot) => boot.transcriptSha256 === first.transcriptSha256)
    ? first.transcriptSha256
    : null;
}

export function verdictText({ verdicts }: CellSide): string {
  return once(verdicts).join('/');
}
