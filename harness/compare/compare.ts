/** Two records to a comparison. Reads neither consoles nor anything else of the disk. */
import { EXIT } from '../base/errors.ts';
import { rowOf } from '../plan/cell-id.ts';
import { type CellView, countOutcomes } from '../record/run-view.ts';
import { bisectionsOf } from './bisections.ts';
import { type Classified, classify, conclude } from './classify.ts';
import { compareInputs, inputsOf } from './inputs.ts';
import { type ComparedRun, placesOf } from './places.ts';
import {
  fileFacts,
  hostFacts,
  joinFacts,
  kernelFact,
  qemuFacts,
  shortDigest,
  toolFacts,
} from './run-inputs.ts';
import { cellSideOf } from './side.ts';
import {
  type CellComparison,
  CHANGES,
  type Change,
  COMPARISON_VERSION,
  type InputDifference,
  type InputFact,
  type MatrixDifference,
  type RunComparison,
  type RunSide,
} from './types.ts';

export function compareRuns(before: ComparedRun, after: ComparedRun): RunComparison {
  const gone = [...before.view.cells.values()].filter(({ cell }) => !after.view.cells.has(cell.id));
  const cells = [
    ...[...after.view.cells.values()].map((view) =>
      compareCell(before, before.view.cells.get(view.cell.id), after, view),
    ),
    ...gone.map((view) => compareCell(before, view, after, undefined)),
  ].toSorted((a, b) => CHANGES.indexOf(a.change) - CHANGES.indexOf(b.change));

  const counts = Object.fromEntries(CHANGES.map((change) => [change, 0])) as Record<Change, number>;
  for (const { change } of cells) counts[change]++;
  const compared = cells.length - counts.new - counts.gone - counts['not-comparable'];
  const worse = cells.filter(isWorse).length;
  const differences = runDifferences(before, after);
  return {
    version: COMPARISON_VERSION,
    before: runSide(before),
    after: runSide(after),
    differences,
    counts,
    compared,
    worse,
    cells,
    bisections: bisectionsOf(before.view, after.view, cells),
    conclusion: conclude(cells, counts, differences),
    exitCode: worse > 0 ? EXIT.unexpected : compared === 0 ? EXIT.hostFault : EXIT.ok,
  };
}

/** A result that is worse counts even if other inputs may be to blame: silence would pass it. */
export function isWorse({ change, direction, after }: CellComparison): boolean {
  if (change === 'flaky') return after?.outcome === 'flaky' || after?.outcome === 'unexpected';
  return change === 'regressed' || (change === 'not-comparable' && direction === 'worse');
}

function compareCell(
  before: ComparedRun,
  old: CellView | undefined,
  after: ComparedRun,
  now: CellView | undefined,
): CellComparison {
  const { cell } = (now ?? old) as CellView;
  const [was, is] = [old && sideIn(before, old), now && sideIn(after, now)];
  return {
    id: cell.id,
    kernel: cell.kernel,
    row: rowOf(cell),
    clock: cell.guest.clock,
    ...(was !== undefined && is !== undefined && old !== undefined && now !== undefined
      ? classify(was, is, cell.guest.clock, compareInputs(inputsOf(before, old), inputsOf(after, now)))
      : onlyOne(is === undefined ? 'gone' : 'new')),
    before: was ?? null,
    after: is ?? null,
  };
}

function sideIn(record: ComparedRun, view: CellView) {
  return cellSideOf(view, record.view.kernels.get(view.cell.kernel));
}

function onlyOne(change: 'new' | 'gone'): Classified {
  const why = `only the ${change === 'gone' ? 'first' : 'second'} run has this cell`;
  return { change, direction: null, why, inputs: [], unknown: [], facts: [] };
}

function runSide({ run, dir, state, view, problems }: ComparedRun): RunSide {
  const cells = [...view.cells.values()];
  return {
    run,
    dir,
    matrix: { name: view.started?.matrix.name ?? '', sha256: view.started?.matrix.sha256 ?? '' },
    startedAt: view.started?.at ?? '',
    state,
    exitCode: view.finished?.exitCode ?? null,
    cells: cells.length,
    outcomes: countOutcomes(cells),
    problems: problems.map(({ line, text }) => (line === 0 ? text : `line ${line}: ${text}`)),
  };
}

/** What differs between two runs as wholes, each thing named once. */
function runDifferences(
  before: ComparedRun,
  after: ComparedRun,
): readonly (InputDifference | MatrixDifference)[] {
  return [
    ...matrixDifferences(before, after),
    ...compareInputs(factsOf(before, after), factsOf(after, before)).differences,
  ];
}

/** A kernel or file that only one run has is no change of it: the cells say what is new and gone. */
function factsOf(run: ComparedRun, other: ComparedRun): InputFact[] {
  const kernels = [...run.view.kernels].filter(([name]) => other.view.kernels.has(name));
  const files = (one: ComparedRun): InputFact[] =>
    joinFacts(placesOf(one).map((place) => fileFacts(place, () => true)));
  const others = new Set(files(other).map(({ what }) => what));
  return [
    ...kernels.map(([name, kernel]) => kernelFact(name, kernel)),
    ...joinFacts(
      placesOf(run).map((place) => [...qemuFacts(place), ...hostFacts(place), ...toolFacts(place)]),
    ),
    ...files(run).filter(({ what }) => others.has(what)),
  ];
}

function matrixDifferences({ view: before }: ComparedRun, { view: after }: ComparedRun): MatrixDifference[] {
  const [was, is] = [before.started?.matrix, after.started?.matrix];
  if (was === undefined || is === undefined) return [];
  if (was.name !== is.name) {
    return [{ input: 'matrix', what: 'name', before: was.name, after: is.name }];
  }
  if (was.sha256 === is.sha256) return [];
  return [
    { input: 'matrix', what: was.name, before: shortDigest(was.sha256), after: shortDigest(is.sha256) },
  ];
}
