/** The cells of a validation's run, put together by guest. Pure. */

import { furthest } from '../base/figures.ts';
import type { TestState } from '../matrix/types.ts';
import { rowOf } from '../plan/cell-id.ts';
import { type CellView, type RunView, resultOf } from '../record/run-view.ts';
import type { CellFinished } from '../record/types.ts';
import { resultsOf } from '../verdict/test-expectation.ts';
import { CONTROL_AXIS, isControl, NO_CONTROL } from './plan.ts';
import type { CitedLine, Comparison, Side } from './types.ts';

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

/** What a run's record says of one cell, as one side of a comparison. Pure. */
const CITED = 4;

/** Boots that told something of their kernel. */
function answers(finished: readonly CellFinished[]): CellFinished[] {
  return finished.filter(({ observation }) => observation.verdict !== 'infra-error');
}

function whyUnclear(
  view: CellView,
  finished: readonly CellFinished[],
): Pick<Side, 'unclear' | 'isHostFault'> {
  const { outcome, reason, lost } = resultOf(view);
  const answered = answers(finished);
  if (view.judged?.verdicts.includes('build-failed')) return { unclear: null, isHostFault: false };
  if (lost || outcome === 'skipped' || answered.length === 0) return { unclear: reason, isHostFault: true };
  if (answered.length < finished.length) {
    const fault = finished.find(({ observation }) => observation.verdict === 'infra-error');
    return { unclear: fault?.observation.reason ?? reason, isHostFault: true };
  }
  const verdicts = new Set(answered.map(({ observation }) => observation.verdict));
  if (verdicts.size > 1) {
    const unclear = `its boots differ: ${[...verdicts].join(', ')}; more boots (--repeat), or clock: deterministic, would settle it`;
    return { unclear, isHostFault: false };
  }
  const torn = tornTest(answered);
  if (torn !== null) return { unclear: torn, isHostFault: false };
  return verdicts.has('undetermined')
    ? { unclear: `undetermined: ${answered[0]?.observation.reason}`, isHostFault: false }
    : { unclear: null, isHostFault: false };
}

/** A test that ended in one way in one boot, and in another in another. */
function tornTest(answered: readonly CellFinished[]): string | null {
  for (const [name, state] of Object.entries(testsOf(answered[0]))) {
    const other = answered.map((boot) => testsOf(boot)[name]).find((one) => one !== state);
    if (other !== undefined)
      return `the test ${name} differs between its boots: ${state}, ${other}; more boots (--repeat), or clock: deterministic, would settle it`;
  }
  return null;
}

/** The user's own tests in one boot, parts included, by name. */
export function testsOf(boot: Pick<CellFinished, 'observation'> | undefined): Record<string, TestState> {
  const all = boot?.observation.tests ?? [];
  return Object.fromEntries(all.flatMap(resultsOf).map(({ name, state }) => [name, state]));
}

/** Null if one boot does not tell. */
function farthest(answered: readonly CellFinished[]): number | null {
  const ppms = answered.map(({ observation }) => observation.ppm);
  return ppms.includes(null) ? null : furthest(ppms);
}

function citedIn(boot: CellFinished | undefined): CitedLine[] {
  const { diagnosis, tests = [] } = boot?.observation ?? {};
  const evidence = [...tests.flatMap((test) => test.evidence), ...(diagnosis?.evidence ?? [])];
  return evidence.slice(0, CITED).map(({ line, text, shows }) => ({ line, text: line === 0 ? shows : text }));
}

export function kernelSideOf(view: CellView): Side {
  const finished = view.boots.flatMap((boot) => (boot.finished === null ? [] : [boot.finished]));
  const answered = answers(finished);
  const [first] = answered;
  const counts = first?.observation.readCounts ?? null;
  const { unclear, isHostFault } = whyUnclear(view, finished);
  const verdicts = view.judged?.verdicts ?? answered.map(({ observation }) => observation.verdict);
  return {
    cell: view.cell.id,
    verdicts,
    verdict: unclear === null ? (verdicts[0] ?? null) : null,
    unclear,
    isHostFault,
    current: first?.observation.current ?? null,
    ppm: farthest(answered),
    reads: counts === null ? null : counts.pm + counts.hpet,
    ...(first?.observation.tests === undefined ? {} : { tests: testsOf(first) }),
    transcripts: finished.flatMap(({ transcriptSha256 }) => transcriptSha256 ?? []),
    cited: citedIn(first),
    reason: first?.observation.reason ?? resultOf(view).reason,
    folders: finished.map(({ folder }) => folder),
  };
}
