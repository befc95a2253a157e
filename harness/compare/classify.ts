/** From the two results of a cell, and what differs of their inputs, to what changed. Pure; docs/compare.md has the rules. */
import type { InputsCompared } from './inputs.ts';
import { hasResult, transcriptOf, verdictText } from './side.ts';
import {
  type CellComparison,
  type CellSide,
  CHANGES,
  type Change,
  type FactDifference,
  type Input,
  type InputDifference,
  type MatrixDifference,
} from './types.ts';

export type Classified = Pick<
  CellComparison,
  'change' | 'direction' | 'why' | 'inputs' | 'unknown' | 'facts'
>;
type Direction = CellComparison['direction'];

/** What bears on how bytes are judged, but not on the bytes. */
const JUDGING: ReadonlySet<Input> = new Set(['expectation', 'tscmatrix']);

export function classify(
  before: CellSide,
  after: CellSide,
  clock: string,
  compared: InputsCompared,
): Classified {
  const facts = factsThatDiffer(before, after);
  const direction = directionOf(before, after);
  const sameBytes = transcriptOf(before) !== null && transcriptOf(before) === transcriptOf(after);
  // Under -icount a guest is a function of its files and arguments: with equal bytes the host had no part in it.
  const isHostless = sameBytes && clock === 'deterministic';
  const inputs = compared.differences.filter(({ input }) => !(isHostless && input === 'host'));
  const unknown = compared.unknown.filter((input) => !(isHostless && input === 'host'));
  const rest = { inputs, unknown, facts, direction };

  if (before.outcome === 'flaky' || after.outcome === 'flaky') {
    return { ...rest, change: 'flaky', why: flakyText(before, after) };
  }
  if (!hasResult(before) || !hasResult(after)) {
    return { ...rest, change: 'not-comparable', why: missingText(before, after) };
  }
  const sameResult = direction === 'same';
  if (sameBytes && sameResult) {
    const others = inputs.filter(({ input }) => !JUDGING.has(input));
    if (others.length > 0) {
      return { ...rest, change: 'same', why: `the same transcript, though ${differText(others)}` };
    }
    const open = unknown.filter((input) => !JUDGING.has(input));
    return open.length === 0
      ? { ...rest, change: 'identical', why: 'the same transcript from the same inputs' }
      : { ...rest, change: 'same', why: `the same transcript; not known: ${open.join(', ')}` };
  }
  if (inputs.length > 0) {
    return sameResult && !facts.some(isFinding)
      ? { ...rest, change: 'same', why: `the same result, though ${differText(inputs)}` }
      : {
          ...rest,
          change: 'not-comparable',
          why: `${movedText(facts)}, but ${differText(inputs)}${sameResult ? '' : `: ${after.reason}`}`,
        };
  }
  const doubt = unknown.length === 0 ? '' : `; not known whether the same: ${unknown.join(', ')}`;
  return { ...rest, ...withSameInputs(after, clock, facts, direction, doubt) };
}

function withSameInputs(
  after: CellSide,
  clock: string,
  facts: readonly FactDifference[],
  direction: Direction,
  doubt: string,
): Pick<Classified, 'change' | 'why'> {
  const moved = movedText(facts);
  const reason = doubt === '' ? after.reason : after.reason.replace(/\.$/, '');
  if (direction === 'worse') return { change: 'regressed', why: `${moved}: ${reason}${doubt}` };
  if (direction === 'better') return { change: 'fixed', why: `${moved}${doubt}` };
  if (direction === 'other') return { change: 'changed', why: `${moved}: ${reason}${doubt}` };
  const finding = facts.find(isFinding);
  if (finding !== undefined) return { change: 'evidence-only', why: `${moved}${doubt}` };
  if (clock === 'deterministic' && facts.some(({ what }) => what === 'transcript')) {
    return { change: 'evidence-only', why: `another transcript, the same verdict${doubt}` };
  }
  const bytes = clock === 'real' ? ' (in real time no two transcripts are the same)' : '';
  return { change: 'same', why: `the same result${bytes}${doubt}` };
}

function directionOf(before: CellSide, after: CellSide): Direction {
  if (!hasResult(before) || !hasResult(after)) return null;
  if (before.outcome === after.outcome) {
    return verdictText(before) === verdictText(after) ? 'same' : 'other';
  }
  // Between the other two, flaky is worse than expected and better than always unexpected.
  const rank = { expected: 0, flaky: 1, unexpected: 2, skipped: 0, 'infra-error': 0 };
  return rank[after.outcome] > rank[before.outcome] ? 'worse' : 'better';
}

/** A difference that says something of the guest. In real time transcripts and ppm always differ. */
function isFinding({ what }: FactDifference): boolean {
  return what !== 'transcript' && what !== 'accuracy';
}

function factsThatDiffer(before: CellSide, after: CellSide): FactDifference[] {
  const ppm = (side: CellSide): string | null => (side.ppm === null ? null : `${side.ppm} ppm`);
  const joined = (values: readonly string[]): string | null =>
    values.length === 0 ? null : values.join(' / ');
  const pairs: readonly FactDifference[] = [
    { what: 'outcome', before: before.outcome, after: after.outcome },
    { what: 'verdict', before: verdictText(before) || null, after: verdictText(after) || null },
    { what: 'current', before: joined(before.current), after: joined(after.current) },
    { what: 'available', before: joined(before.available), after: joined(after.available) },
    { what: 'cause', before: joined(before.causes), after: joined(after.causes) },
    // A probe that did not measure says nothing of the clock.
    ...(before.clocks.length === 0 || after.clocks.length === 0
      ? []
      : [{ what: 'clock' as const, before: joined(before.clocks), after: joined(after.clocks) }]),
    ...testsThatDiffer(before.tests, after.tests),
    { what: 'accuracy', before: ppm(before), after: ppm(after) },
    { what: 'transcript', before: transcriptOf(before), after: transcriptOf(after) },
  ];
  return pairs.filter((pair) => pair.before !== pair.after);
}

/** Only what is another state now, the tests before their parts: "nanosleep pass", now "nanosleep fail". */
function testsThatDiffer(before: readonly string[], after: readonly string[]): FactDifference[] {
  const text = (own: readonly string[], other: readonly string[]): string | null => {
    const changed = own.filter((test) => !other.includes(test));
    return changed.length === 0 ? null : changed.slice(0, 5).join(', ') + (changed.length > 5 ? ', ...' : '');
  };
  return [{ what: 'tests', before: text(before, after), after: text(after, before) }];
}

const NAMES: Readonly<Record<Input, string>> = {
  kernel: "the kernel's image",
  qemu: 'QEMU',
  host: 'the host',
  initramfs: 'the initramfs',
  file: 'a file of the guest',
  test: 'a test',
  'command-line': "the kernel's command line",
  'qemu-arguments': "QEMU's arguments",
  accelerator: 'the accelerator',
  clock: 'the clock',
  guest: "the guest's settings",
  expectation: 'the expectation',
  tscmatrix: 'tscmatrix itself',
};

/** "QEMU and the host differ" */
function differText(inputs: readonly InputDifference[]): string {
  const names = [...new Set(inputs.map(({ input }) => NAMES[input]))];
  const list = names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  const plural = names.length > 1 || ['qemu-arguments', 'guest'].includes(inputs[0]?.input ?? '');
  return `${list} ${plural ? 'differ' : 'differs'}`;
}

/** "refined, now never" or the first other thing that differs. */
function movedText(facts: readonly FactDifference[]): string {
  const fact =
    facts.find(({ what }) => what === 'verdict') ??
    facts.find(({ what }) => what === 'tests') ??
    facts.find(isFinding);
  if (fact === undefined) return 'the same verdict';
  const name = ['verdict', 'outcome'].includes(fact.what) ? '' : `${fact.what} `;
  return `${name}${fact.before ?? 'none'}, now ${fact.after ?? 'none'}`;
}

function flakyText(before: CellSide, after: CellSide): string {
  const [was, is] = [verdictText(before), verdictText(after)];
  if (before.outcome !== 'flaky') return `${was || before.outcome} before; now its boots differ: ${is}`;
  if (after.outcome !== 'flaky') {
    return `its boots differed before (${was}); now ${is || after.outcome}, which one run cannot prove`;
  }
  return `its boots differ in both runs: ${was}, now ${is}`;
}

function missingText(before: CellSide, after: CellSide): string {
  if (!hasResult(before) && !hasResult(after)) {
    return `neither run has a result; now ${after.outcome}: ${after.reason}`;
  }
  const [which, side] = hasResult(after) ? (['first', before] as const) : (['second', after] as const);
  return `the ${which} run has no result, ${side.outcome}: ${side.reason}`;
}

/** For example "1 regressed, 2 not comparable, 30 identical; QEMU and the host differ". */
export function conclude(
  cells: readonly CellComparison[],
  counts: Readonly<Record<Change, number>>,
  differences: readonly (InputDifference | MatrixDifference)[],
): string {
  if (cells.length === 0) return 'neither run has a cell';
  const inputs = differences.filter((one) => one.input !== 'matrix');
  const aside = inputs.length === 0 ? '' : `; ${differText(inputs)}`;
  const [first] = cells;
  if (first !== undefined && counts.identical === cells.length) {
    const all = cells.length === 1 ? 'the cell' : `all ${cells.length} cells`;
    return `identical: ${all}, the same transcripts from the same inputs${aside}`;
  }
  const parts = CHANGES.filter((change) => counts[change] > 0).map(
    (change) => `${counts[change]} ${CHANGE_WORDS[change]}`,
  );
  const moved = cells.filter(({ change, direction }) => change === 'not-comparable' && direction === 'worse');
  const worse = moved.length === 0 ? '' : `; ${moved.length} of those not comparable worse`;
  return `${parts.join(', ')}${worse}${aside}`;
}

export const CHANGE_WORDS: Readonly<Record<Change, string>> = {
  regressed: 'regressed',
  flaky: 'flaky',
  'not-comparable': 'not comparable',
  changed: 'changed',
  fixed: 'fixed',
  gone: 'gone',
  new: 'new',
  'evidence-only': 'with other evidence only',
  same: 'the same',
  identical: 'identical',
};
