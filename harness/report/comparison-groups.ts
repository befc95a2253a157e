/** A comparison as a list of groups, before it is put into any form: what needs a look first, the rest counted. */
import { fitWidth, ppmText } from '../base/figures.ts';
import { oneLine } from '../base/safe-text.ts';
import { CHANGE_WORDS } from '../compare/classify.ts';
import {
  type Bisection,
  type CellComparison,
  CHANGES,
  type Change,
  type Confirmation,
  type InputDifference,
  type MatrixDifference,
  type RunComparison,
  type RunSide,
} from '../compare/types.ts';

/** Cells of one change for the same reason, which is said once. */
export interface ChangeGroup {
  readonly change: Change;
  /** "NOT COMPARABLE", loud if it needs a look. */
  readonly word: string;
  readonly why: string;
  /** "what: before, now after" of every input that differs. */
  readonly inputs: readonly string[];
  readonly cells: readonly CellLine[];
}

export interface CellLine {
  readonly id: string;
  /** "refined, tsc, +0.4 ppm" or "skipped"; "none" if the run has no such cell. */
  readonly before: string;
  readonly after: string;
  readonly comparison: CellComparison;
}

/** Columns of a reason: it may cite what a guest or QEMU said. */
const LONGEST = 300;
const QUIET: ReadonlySet<Change> = new Set(['same', 'identical']);
const LOUD: ReadonlySet<Change> = new Set(['regressed', 'flaky']);

/** Groups in the order of CHANGES; the quiet ones only if all are asked for. */
export function changeGroups({ cells }: RunComparison, all: boolean): ChangeGroup[] {
  return CHANGES.filter((change) => all || !QUIET.has(change)).flatMap((change) => {
    const own = cells.filter((cell) => cell.change === change);
    const groups = Map.groupBy(own, (cell) => JSON.stringify([whyOf(cell), cell.inputs]));
    return [...groups.values()].map((members): ChangeGroup => {
      const { inputs } = members[0] as CellComparison;
      const word = oneLine(CHANGE_WORDS[change]);
      return {
        change,
        word: LOUD.has(change) || members.some(isWorseAnyway) ? word.toUpperCase() : word,
        why: fitWidth(oneLine(whyOf(members[0] as CellComparison)), LONGEST),
        inputs: inputs.map(differenceText),
        cells: members.map(cellLine),
      };
    });
  });
}

function isWorseAnyway({ change, direction }: CellComparison): boolean {
  return change === 'not-comparable' && direction === 'worse';
}

/** New and gone say all with their word. */
function whyOf({ change, why }: CellComparison): string {
  return change === 'new' || change === 'gone' ? '' : why;
}

/** How many cells are in no group, as "3 the same, 11 identical". */
export function quietText({ counts }: RunComparison, all: boolean): string {
  if (all) return '';
  const parts = [...QUIET].filter((change) => counts[change] > 0);
  return parts.map((change) => `${counts[change]} ${CHANGE_WORDS[change]}`).join(', ');
}

export function differenceText({ input, what, before, after }: InputDifference | MatrixDifference): string {
  const name = input === what || input === 'file' || what.startsWith(input) ? what : `${input} ${what}`;
  return oneLine(`${name}: ${shown(before)}, now ${shown(after)}`);
}

const CONFIRMED: Readonly<Record<Confirmation['kind'], string>> = {
  kernel: 'the kernel',
  'not-the-kernel': 'not the kernel',
  'same-kernel': 'not the kernel: its image is the same',
  flaky: 'flaky',
  'not-again': 'not again',
  unavailable: 'not booted again',
};

/** "CELL: the kernel: 3 of 3 boots again not as expected, with the earlier kernel 0 of 3" */
export function confirmationText({ cell, kind, why }: Confirmation): string {
  return oneLine(`${cell}: ${CONFIRMED[kind]}: ${why}`);
}

/** "which commit of KERNEL made 2 cells worse" */
export function bisectionText({ kernel, cells }: Bisection): string {
  return oneLine(`which commit of ${kernel} made ${cells} ${cells === 1 ? 'cell' : 'cells'} worse`);
}

function shown(value: string): string {
  return fitWidth(oneLine(value), LONGEST);
}

export function sideText({ run, cells, state, startedAt }: RunSide): string {
  const end = state === 'finished' ? '' : `, ${state}`;
  return oneLine(`${run} (${startedAt.slice(0, 16).replace('T', ' ')}, ${cells} cells${end})`);
}

function cellLine(comparison: CellComparison): CellLine {
  const { id, before, after } = comparison;
  return { id: oneLine(id), before: resultText(before), after: resultText(after), comparison };
}

function resultText(side: CellComparison['before']): string {
  if (side === null) return 'none';
  const verdicts = [...new Set(side.verdicts)].join('/');
  const parts = [
    side.outcome === 'expected' && verdicts !== '' ? '' : side.lost ? 'lost' : side.outcome,
    verdicts,
    side.current.join('/'),
    side.ppm === null ? '' : ppmText(side.ppm),
  ];
  return oneLine(parts.filter((part) => part !== '').join(', '));
}

export interface ComparisonLook {
  readonly colour: boolean;
  /** Of the terminal; undefined if there is no limit. */
  readonly columns: number | undefined;
  /** Cells that are the same or identical too. */
  readonly all: boolean;
}
