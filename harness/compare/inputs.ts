/** Gathers what a cell's result rests on from a record, and tells two such lists apart. Reads no console. */
import type { GuestSpec } from '../matrix/types.ts';
import type { CellView, RunView } from '../record/run-view.ts';
import { type ComparedRun, placesOf } from './places.ts';
import {
  fileFacts,
  hostFacts,
  joinFacts,
  kernelFact,
  pinnedQemuFacts,
  qemuFacts,
  shortDigest,
  toolFacts,
} from './run-inputs.ts';
import { INPUTS, type Input, type InputDifference, type InputFact } from './types.ts';

export interface InputsCompared {
  readonly differences: readonly InputDifference[];
  readonly unknown: readonly Input[];
}

/** Settings that are facts of their own. */
const APART: ReadonlySet<string> = new Set<keyof GuestSpec>(['clock', 'append']);

/** Every input of a cell, as far as the record knows them. */
export function inputsOf(run: ComparedRun, view: CellView): InputFact[] {
  const { cell } = view;
  const argv = argvOf(view);
  const places = placesOf(run, view);
  const isNested = view.boots.some(({ started }) => started?.nested !== undefined);
  // A nested guest's files are within its appliance, so any of them counts.
  const isUsed = (path: string): boolean =>
    argv === null || isNested || argv.some((word) => word.includes(path));
  const isPinned = view.boots.some(({ started }) => started?.emulator === 'pinned');
  const settings = Object.entries(cell.guest).filter(([name]) => !APART.has(name));
  return [
    kernelFact(cell.kernel, run.view.kernels.get(cell.kernel)),
    ...joinFacts(
      places.map((place) => [
        ...(isPinned ? pinnedQemuFacts(place) : qemuFacts(place)),
        ...hostFacts(place),
        ...withInitramfs(fileFacts(place, isUsed)),
        ...toolFacts(place),
      ]),
    ),
    ...testFacts(view),
    ...argumentFacts(run.view, argv),
    { input: 'clock', what: 'clock', value: cell.guest.clock, text: cell.guest.clock },
    ...settings.map(([name, value]): InputFact => {
      const text = typeof value === 'string' ? value : stableJson(value);
      return { input: 'guest', what: name, value: text, text };
    }),
    expectationFact(view),
  ];
}

/** Of the first boot: which bytes ran. */
function testFacts({ boots }: CellView): InputFact[] {
  const tests = boots.find(({ started }) => started !== null)?.started?.tests ?? [];
  return tests.map(({ name, sha256 }) => ({
    input: 'test',
    what: name,
    value: sha256,
    text: shortDigest(sha256),
  }));
}

/** Every guest has one: if the record does not name it, it is not known. */
function withInitramfs(facts: InputFact[]): InputFact[] {
  if (facts.some(({ input }) => input === 'initramfs')) return facts;
  return [...facts, { input: 'initramfs', what: 'initramfs', value: null, text: shortDigest(null) }];
}

/** Where an expectation comes from is for people; what it asks counts. */
function expectationFact({ cell }: CellView): InputFact {
  const { from: _, known, ...rest } = cell.expectation;
  const asked =
    known === undefined
      ? rest
      : { ...rest, known: { ...known, rule: '', otherwise: { ...known.otherwise, from: [] } } };
  const parts = Object.entries(asked).map(([name, value]) =>
    name === 'registration' ? [value].flat().join('|') : `${name} ${JSON.stringify(value)}`,
  );
  return { input: 'expectation', what: 'expectation', value: stableJson(asked), text: parts.join(', ') };
}

/** The same text for the same value, whatever the order in which a record has its keys. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** What differs, and what one of them does not know. An input that only one of them has differs. */
export function compareInputs(before: readonly InputFact[], after: readonly InputFact[]): InputsCompared {
  const keyOf = ({ input, what }: InputFact): string => `${input} ${what}`;
  const old = new Map(before.map((fact) => [keyOf(fact), fact]));
  const now = new Map(after.map((fact) => [keyOf(fact), fact]));
  const differences: InputDifference[] = [];
  const unknown = new Set<Input>();
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(key), now.get(key)];
    const { input, what } = (was ?? is) as InputFact;
    if (was?.value === null || is?.value === null) unknown.add(input);
    else if (was?.value !== is?.value) {
      differences.push({ input, what, before: was?.text ?? 'none', after: is?.text ?? 'none' });
    }
  }
  return { differences: inOrder(withoutImplied(differences)), unknown: [...unknown] };
}

/** Another version of QEMU is another program anyway, and one of tscmatrix another commit. */
function withoutImplied(differences: readonly InputDifference[]): InputDifference[] {
  const versioned = new Set(differences.filter(({ what }) => what === 'version').map(({ input }) => input));
  return differences.filter(({ input, what }) => what === 'version' || !versioned.has(input));
}

function inOrder(differences: readonly InputDifference[]): InputDifference[] {
  return differences.toSorted((a, b) => INPUTS.indexOf(a.input) - INPUTS.indexOf(b.input));
}

const OWN_FACTS: readonly (string | undefined)[] = ['-append', '-accel'];
/** The folders of an absolute path, alone or as the value of a property such as file= or unix:. */
const FOLDERS = /(?<=^|[=:,])\/(?:[^,\s]*\/)?/g;

/** Of the first boot, with the program in front; null if none was started. */
function argvOf(view: CellView): readonly string[] | null {
  return view.boots.find(({ started }) => started !== null)?.started?.argv ?? null;
}

function argumentFacts(view: RunView, argv: readonly string[] | null): InputFact[] {
  const rest = argv === null ? null : otherArguments(view, argv);
  return [
    { input: 'command-line', what: 'command line', ...known(optionIn(argv, '-append')) },
    { input: 'accelerator', what: 'accelerator', ...known(optionIn(argv, '-accel')) },
    { input: 'qemu-arguments', what: 'QEMU arguments', ...known(rest) },
  ];
}

function known(value: string | null): Pick<InputFact, 'value' | 'text'> {
  return { value, text: value ?? 'not known' };
}

function optionIn(argv: readonly string[] | null, option: string): string | null {
  if (argv === null) return null;
  const at = argv.indexOf(option);
  return at < 0 ? '' : (argv[at + 1] ?? '');
}

/** All but the program, the command line and the accelerator, in order, with names of files in place of paths. */
function otherArguments(view: RunView, argv: readonly string[]): string {
  // A kernel's file is named after its release.
  const kernels = [...view.kernels.values()].flatMap(({ ready }) => (ready === null ? [] : [ready.path]));
  return argv
    .flatMap((word, i) => {
      if (i === 0 || OWN_FACTS.includes(word) || OWN_FACTS.includes(argv[i - 1])) return [];
      if (argv[i - 1] === '-kernel') return ['{kernel}'];
      return [kernels.reduce((text, path) => text.replaceAll(path, '{kernel}'), word).replace(FOLDERS, '')];
    })
    .join(' ');
}
