/** A run as a grid, kernels as columns and guests as rows, before it is put into any form. */
import { fitWidth } from '../base/figures.ts';
import { oneLine } from '../base/safe-text.ts';
import { rowOf } from '../plan/cell-id.ts';
import { knownText } from '../plan/expectations.ts';
import type { Cell } from '../plan/types.ts';
import { hostsDisagree } from '../record/merge/merge-common.ts';
import { type CellView, countOutcomes, type KernelView, type RunView, resultOf } from '../record/run-view.ts';
import type { CellFinished, MergedPart } from '../record/types.ts';
import type { Outcome } from '../verdict/types.ts';
import { choicesOf, chosenText, hostText } from './machines.ts';
import {
  countsText,
  figuresText,
  howText,
  NAME_COLUMNS,
  OUTCOME_TITLES,
  shortRelease,
  sourcesText,
  troublesText,
} from './words.ts';

export interface CellSummary {
  readonly outcome: Outcome;
  /** What was found, a line each, none empty: which sources there are, how tsc ended and how accurate it is, what was counted. */
  readonly finding: readonly string[];
  /** Whether that was expected: "expected", "UNEXPECTED [1]". */
  readonly judged: string;
}
interface Column {
  readonly kernel: string;
  /** Release of the kernel, or why there is none. */
  readonly release: string;
}
export interface Row {
  readonly label: string;
  /** One for each column; null if the plan has no such cell. */
  readonly faces: readonly (CellSummary | null)[];
}
export interface Note {
  readonly number: number;
  /** The cells it is about, each "kernel, guest". */
  readonly about: readonly string[];
  /** Ids of the cells. */
  readonly cells: readonly string[];
  readonly text: string;
}
export interface Grid {
  readonly title: string;
  /** Lines that stand above the table. */
  readonly heading: readonly string[];
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly notes: readonly Note[];
}

/** What a cell's lines are. */
export const LEGEND =
  'Lines of a cell: available_clocksource, with [tsc] if tsc is in it and a star at the current source; how tsc ended, and the error of ' +
  "the kernel's TSC frequency; how often firmware and kernel read PM timer and HPET, and what a program's clock_gettime() takes; " +
  'whether that was expected.';

export function gridOf(view: RunView): Grid {
  const notes = noteBook();
  const kernels = [...view.kernels.keys()];
  const columns = [...view.kernels].map(([kernel, state]) => ({
    kernel: name(kernel),
    release: name(releaseText(state)),
  }));
  const rows = new Map<string, (CellSummary | null)[]>();
  for (const cell of view.cells.values()) {
    const at = kernels.indexOf(cell.cell.kernel);
    let label = name(labelOf(cell.cell));
    // Two cells of one kernel with one label would hide one another.
    if (rows.get(label)?.[at] != null) label = `${label} (${name(cell.cell.id)})`;
    const faces = rows.get(label) ?? kernels.map(() => null);
    faces[at] = faceOf(cell, label, notes);
    rows.set(label, faces);
  }
  return {
    title: oneLine(view.started?.matrix.name ?? 'run'),
    heading: headingOf(view),
    columns,
    rows: [...rows].map(([label, faces]) => ({ label, faces })),
    notes: notes.all(),
  };
}

/** A name for a column or row: a record from elsewhere may hold longer ones than any matrix, and a table gets slow. */
function name(text: string): string {
  return fitWidth(oneLine(text), NAME_COLUMNS);
}

/** The row's label, safe to show. */
export function labelOf(cell: Cell): string {
  return oneLine(rowOf(cell));
}

export function headingOf(view: RunView): string[] {
  const cells = [...view.cells.values()];
  const heading = [`run ${oneLine(view.started?.run ?? '')}, ${countsText(countOutcomes(cells))}`];
  if (view.finished === null) heading.push('INCOMPLETE: the record ends before the run was finished');
  else if (view.finished.interrupted) heading.push('INTERRUPTED: not every cell was run');
  const troubles = troublesText(view);
  if (troubles !== '') heading.push(troubles);
  const boots = cells.flatMap((cell) => cell.boots);
  if (view.merged !== null) heading.push(`merged from ${view.merged.parts.map(partText).join(', ')}`);
  if (view.hosts.size > 1)
    for (const [label, host] of view.hosts)
      heading.push(
        `${oneLine(label)}: ${hostText(
          host,
          boots.filter(({ started }) => started?.host === label),
        )}`,
      );
  else if (view.host !== null) heading.push(hostText(view.host, boots));
  heading.push(...choicesOf(cells));
  return heading;
}

function partText({ label, run, shard }: MergedPart): string {
  const what = shard === null ? '' : `shard ${shard.index}/${shard.of} on `;
  return oneLine(`${what}${label} (${run})`);
}

function releaseText(state: KernelView): string {
  if (state.ready !== null) return shortRelease(state.ready);
  return state.failed === null ? 'not fetched' : 'unavailable';
}

interface Footnotes {
  add(text: string, about: string, cell: string): number;
  all(): Note[];
}

/** Cells with the same reason share a note. */
function noteBook(): Footnotes {
  const notes = new Map<string, { number: number; about: string[]; cells: string[]; text: string }>();
  return {
    add(text, about, cell) {
      const note = notes.get(text) ?? { number: notes.size + 1, about: [], cells: [], text };
      note.about.push(about);
      note.cells.push(cell);
      notes.set(text, note);
      return note.number;
    },
    all: () => [...notes.values()],
  };
}

function faceOf(cell: CellView, label: string, notes: Footnotes): CellSummary {
  const { outcome, reason } = resultOf(cell);
  const finished = cell.boots.flatMap((boot) => (boot.finished === null ? [] : [boot.finished]));
  const finding = [sourcesText(finished), howText(finished, chosenText(cell)), figuresText(finished)].filter(
    (line) => line !== '',
  );
  const judged = OUTCOME_TITLES[outcome];
  const disagree = cell.judged?.hosts !== undefined && hostsDisagree(cell.judged.hosts);
  const known = disagree ? undefined : cell.judged?.known;
  if (outcome === 'expected' && !disagree && known === undefined) return { outcome, finding, judged };
  const text = oneLine(known === undefined ? withCause(reason, finished) : knownText(known));
  const number = notes.add(text, `${name(cell.cell.kernel)}, ${label}`, oneLine(cell.cell.id));
  return { outcome, finding, judged: `${known === undefined ? judged : 'known issue'} [${number}]` };
}

function withCause(reason: string, finished: readonly CellFinished[]): string {
  const cause = causeText(finished);
  return cause === '' ? reason : `${reason.replace(/[.\s]*$/, '.')} ${cause}`;
}

function causeText(finished: readonly CellFinished[]): string {
  const causes = finished.flatMap(({ observation: { diagnosis } }) =>
    diagnosis === null || diagnosis.cause === 'none' ? [] : [`${diagnosis.cause} (${diagnosis.confidence})`],
  );
  const all = [...new Set(causes)];
  return all.length === 0 ? '' : `Cause: ${all.join('; ')}.`;
}
