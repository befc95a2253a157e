/** What a page holds: data that the server side makes and the script in the page shows. */
import type { Change } from '../../compare/types.ts';
import type { Cause, Confidence, Outcome } from '../../verdict/types.ts';

/** One cell of the table as the page's filter sees it, in the order of the data-i attributes. */
export interface IndexEntry {
  readonly id: string;
  readonly kernel: string;
  readonly row: string;
  readonly axes: Readonly<Record<string, string>>;
  readonly outcome: Outcome;
  /** Whether available_clocksource has tsc; null if no boot told it, or boots differ. */
  readonly finding: 'there' | 'missing' | null;
  /** Of a comparison. */
  readonly change?: Change;
  readonly verdicts: readonly string[];
  readonly causes: readonly string[];
  /** Whatever else a search should find: reason, release, clocksources. */
  readonly words: string;
  /** Figures that the table can be shaded by; null if not known. */
  readonly figures: Readonly<Record<FigureName, number | null>>;
}

export type FigureName = 'ppm' | 'pmCycles' | 'hpetCycles' | 'cpuMs';

export interface PageIndex {
  readonly kind: 'run' | 'comparison';
  readonly cells: readonly IndexEntry[];
}

/** A line of a console: its number in the file, the probe's kind of frame ("" for none), and its text, or which of the
 * lines before it (by place in this list) has the same text. */
export type PackedLine = readonly [n: number, frame: string, text: string | number];

export interface ConsolePage {
  /** Within the run's folder. */
  readonly path: string;
  readonly title: string;
  readonly bytes: number;
  /** In the file. */
  readonly lineCount: number;
  readonly lines: readonly PackedLine[];
  /** What is not shown and why, one sentence each. */
  readonly notes: readonly string[];
  /** Whether citations count this file's lines. */
  readonly cited: boolean;
}

export interface CitationPage {
  readonly line: number;
  readonly text: string;
  readonly shows: string;
}

export interface DiagnosisPage {
  readonly cause: Cause;
  readonly confidence: Confidence;
  readonly summary: string;
  readonly evidence: readonly CitationPage[];
  readonly not: readonly string[];
  readonly next: readonly string[];
}

export type Pair = readonly [name: string, value: string];

export interface BootPage {
  readonly boot: number;
  /** In a merged run: where it ran. */
  readonly host: string | null;
  readonly verdict: string;
  readonly reason: string;
  readonly facts: readonly Pair[];
  readonly diagnosis: DiagnosisPage | null;
  readonly differences: readonly { what: string; asked: string; got: string; seenBy: string }[];
  readonly commands: readonly { title: string; text: string }[];
  /** Made by harness/base/plot and report/plot; null if the boot measured nothing. */
  readonly readCosts: { readonly svg: string; readonly rows: readonly (readonly string[])[] } | null;
  readonly consoles: readonly ConsolePage[];
  /** Files that could not be read. */
  readonly problems: readonly string[];
}

export interface NightPage {
  readonly run: string;
  readonly at: string;
  readonly outcome: Outcome;
  readonly text: string;
}

export interface HistoryPage {
  /** Oldest first. */
  readonly nights: readonly NightPage[];
  readonly flaky: string;
  readonly changed: string | null;
}

export interface CellPage {
  readonly id: string;
  readonly run: string;
  readonly kernel: string;
  readonly release: string;
  readonly row: string;
  readonly outcome: Outcome;
  readonly reason: string;
  readonly verdicts: readonly string[];
  readonly expectation: readonly Pair[];
  readonly guest: readonly Pair[];
  readonly rerun: string;
  readonly boots: readonly BootPage[];
  /** In a merged run whose hosts ran the cell each: what each of them said. */
  readonly hosts: readonly Pair[];
  readonly history: HistoryPage | null;
}

export interface ComparedPage {
  readonly change: Change;
  readonly why: string;
  readonly inputs: readonly { what: string; before: string; after: string }[];
  readonly unknown: readonly string[];
  readonly facts: readonly { what: string; before: string; after: string }[];
}

/** What a table cell opens. */
export interface Opened {
  readonly id: string;
  readonly kernel: string;
  readonly row: string;
  readonly compared: ComparedPage | null;
  readonly sides: readonly { readonly title: string; readonly cell: CellPage }[];
}
