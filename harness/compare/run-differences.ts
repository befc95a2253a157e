/** What differs between two runs as wholes, each thing named once. */
import { compareInputs } from './inputs.ts';
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
import type { InputDifference, InputFact, MatrixDifference } from './types.ts';

export function runDifferences(
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
