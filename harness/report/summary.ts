/**
 * Markdown for the summary page of a CI job: how it went, then only what is not as expected, then the hosts and, if
 * there is room, the whole table folded away. Never longer than a job summary may be.
 */
import { fitWidth } from '../base/figures.ts';
import { oneLine, markdown as safe } from '../base/safe-text.ts';
import { type BootView, countOutcomes, type RunView, resultOf } from '../record/run-view.ts';
import type { HostNoted } from '../record/types.ts';
import type { Outcome } from '../verdict/types.ts';
import { gridOf } from './grid.ts';
import { hostText } from './machines.ts';
import { notesText, tableText } from './markdown.ts';
import { countsText, troublesText } from './words.ts';

/** GitHub drops a step's summary that is longer than 1 MiB; other pages are slow long before that. */
export const SUMMARY_MAX_BYTES = 512 * 1024;
/** Findings shown, and letters of each reason. */
const SHOWN = 100;
const REASON_CHARS = 400;

export function renderSummary(view: RunView): string {
  const cells = [...view.cells.values()];
  const counts = countOutcomes(cells);
  const run = view.started?.run ?? '';
  const amiss = troublesText(view);
  const troubles = amiss === '' ? '' : `; ${safe(amiss)}`;
  const parts = [
    `## ${safe(view.started?.matrix.name ?? 'run')}: ${headline(counts, cells.length)}`,
    [stateText(view), `Run ${safe(run)}, ${safe(countsText(counts))}${troubles}.`]
      .filter((text) => text !== '')
      .join('\n\n'),
    ...findingParts(findingsOf(view), run),
    ...skippedParts(view),
    ...hostParts(view),
  ];
  const text = `${parts.join('\n\n')}\n`;
  const table = cells.length === 0 ? '' : tablePart(view);
  const room = SUMMARY_MAX_BYTES - Buffer.byteLength(text);
  if (Buffer.byteLength(table) <= room) return `${text}${table}`;
  return `${text}\nThe table of all ${cells.length} cells is too long for this page; it is in the report.\n`;
}

function headline(counts: Readonly<Record<Outcome, number>>, total: number): string {
  const odd = counts.unexpected + counts.flaky + counts['infra-error'];
  if (total === 0) return 'no cells';
  if (odd > 0) return `${odd} of ${total} not as expected`;
  return counts.expected === 0 ? 'nothing was run' : 'as expected';
}

function stateText(view: RunView): string {
  if (view.finished === null) return '**INCOMPLETE: the record ends before the run was finished.**';
  return view.finished.interrupted ? '**INTERRUPTED: not every cell was run.**' : '';
}

function findingParts(findings: readonly SummaryFinding[], run: string): string[] {
  if (findings.length === 0) return [];
  const rows = findings.slice(0, SHOWN).map(({ outcome, cell, verdicts, reason, host }) => {
    const what = verdicts.length === 0 ? outcome : `${outcome}: ${verdicts.join(', ')}`;
    const why = host === null ? reason : `${reason} (on ${host})`;
    return `| **${safe(what)}** | ${safe(cell)} | ${short(why)} |`;
  });
  const more = findings.length - SHOWN;
  const [first] = findings;
  return [
    '### Not as expected',
    ['| outcome | cell | why |', '| --- | --- | --- |', ...rows].join('\n'),
    ...(more > 0 ? [`And ${more} more.`] : []),
    // A code block: nothing in it is markup, whatever the names are. Names of runs and cells have no back quotes.
    ...(first === undefined
      ? []
      : [`To boot one of them again: \`tscmatrix rerun ${plain(run)} ${plain(first.cell)}\``]),
  ];
}

/** Cut before it is escaped: an escape cut in two would be another text. */
function short(text: string): string {
  return safe(fitWidth(oneLine(text), REASON_CHARS));
}

/** For a code span: the letters that names of runs and cells consist of. */
function plain(name: string): string {
  return name.replaceAll(/[^\w.+=,-]/g, '?');
}

/** Cells that were left out for one reason are one line. */
function skippedParts(view: RunView): string[] {
  const skipped = skippedOf(view);
  if (skipped.length === 0) return [];
  const items = skipped.slice(0, SHOWN).map(({ reason, count }) => {
    return `- ${count} skipped: ${short(reason)}`;
  });
  const more = skipped.length - SHOWN;
  return [[...items, ...(more > 0 ? [`- and for ${more} other reasons`] : [])].join('\n')];
}

function hostParts(view: RunView): string[] {
  const cells = [...view.cells.values()];
  const bootsOn = (label: string | undefined): BootView[] =>
    cells.flatMap((cell) => cell.boots).filter(({ started }) => started?.host === label);
  const line = (host: HostNoted) => safe(hostText(host, bootsOn(host.label)));
  if (view.hosts.size > 0) {
    const hosts = [...view.hosts].map(([label, host]) => `- ${safe(label)}: ${line(host)}`);
    return ['### Hosts', hosts.join('\n')];
  }
  return view.host === null ? [] : [line(view.host)];
}

function tablePart(view: RunView): string {
  const grid = gridOf(view);
  const body = [tableText(grid), notesText(grid)].filter((text) => text !== '').join('\n\n');
  return `\n<details><summary>All cells</summary>\n\n${body}\n\n</details>\n`;
}

/** What in a run needs a look, worst first, and what was left out; before it is put into any form. */
interface SummaryFinding {
  readonly outcome: Outcome;
  readonly cell: string;
  readonly verdicts: readonly string[];
  readonly reason: string;
  /** Label of the host, in a merged record. */
  readonly host: string | null;
}
export interface Skipped {
  readonly reason: string;
  readonly count: number;
}

const WORST_FIRST: readonly Outcome[] = ['unexpected', 'flaky', 'infra-error'];

/** Cells that are neither expected nor skipped, in the order of the plan within each outcome. */
function findingsOf(view: RunView): SummaryFinding[] {
  const all = [...view.cells.values()].map((cell): SummaryFinding => {
    const { outcome, reason } = resultOf(cell);
    const host = cell.boots.find(({ started }) => started?.host !== undefined)?.started?.host ?? null;
    const verdicts = [...new Set<string>(cell.judged?.verdicts ?? [])].filter(
      (verdict) => verdict !== outcome,
    );
    return { outcome, cell: cell.cell.id, verdicts, reason, host };
  });
  return WORST_FIRST.flatMap((outcome) => all.filter((finding) => finding.outcome === outcome));
}

/** Reasons for which cells were skipped, the commonest first. */
function skippedOf(view: RunView): Skipped[] {
  const counts = new Map<string, number>();
  for (const cell of view.cells.values()) {
    const { outcome, reason } = resultOf(cell);
    if (outcome === 'skipped') counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}
