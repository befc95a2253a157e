/** How figures and results are said, the same in every report. */
import { fitWidth, ppmText } from '../base/figures.ts';
import { oneLine } from '../base/safe-text.ts';
import type { Ending, HostFaultCode } from '../guest/ending/ending.ts';
import { type CellView, type RunView, resultOf } from '../record/run-view.ts';
import type { CellFinished, KernelReady } from '../record/types.ts';
import { OUTCOMES, type Outcome } from '../verdict/types.ts';
import { clockFigures } from './clock-text.ts';
import { testsText } from './test-text.ts';

/** Of a name in a table. The longest id of a cell has 150 characters. */
export const NAME_COLUMNS = 160;
/** Of a clocksource's name: the kernel's own are shorter. */
const SOURCE_COLUMNS = 40;

/** Marks that read without colour; "ok" is quiet, what needs a look is loud. */
export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  expected: 'ok',
  unexpected: 'UNEXPECTED',
  flaky: 'FLAKY',
  skipped: 'skipped',
  'infra-error': 'infra-error',
};

/** The same beside a finding, which stands by itself: "ok" would be read as the finding's. */
export const OUTCOME_TITLES: Readonly<Record<Outcome, string>> = { ...OUTCOME_WORDS, expected: 'expected' };

/** "24 cells: 22 expected, 1 unexpected, 1 skipped" */
export function countsText(counts: Readonly<Record<Outcome, number>>): string {
  const total = OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
  const parts = OUTCOMES.filter((outcome) => counts[outcome] > 0).map(
    (outcome) => `${counts[outcome]} ${outcome}`,
  );
  return `${total} ${total === 1 ? 'cell' : 'cells'}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

/** "71 timer reads", "71 to 114 timer reads" if boots differ, empty if nothing was counted. PM timer and HPET, before the probe's own. */
function readsText(finished: readonly CellFinished[]): string {
  const counts = finished.flatMap(({ observation: { readCounts } }) =>
    readCounts === undefined || readCounts === null ? [] : [readCounts.pm + readCounts.hpet],
  );
  if (counts.length === 0) return '';
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return `${least === most ? '' : `${least} to `}${most} timer ${most === 1 ? 'read' : 'reads'}`;
}

/** "71 timer reads, 25 ns/call, 3 tests passed": what was counted and measured beside the verdict, as far as it was. */
export function figuresText(finished: readonly CellFinished[]): string {
  const clock = clockFigures(finished.map(({ observation }) => observation.clock));
  const tests = testsText(finished.map(({ observation }) => observation));
  return [readsText(finished), clock, tests].filter((part) => part !== '').join(', ');
}

/** Only the release of "6.1.0-56-amd64 (...) #1 SMP ...". */
export function shortRelease(ready: KernelReady): string {
  return oneLine(ready.release).split(' ')[0] ?? '';
}

/** "guest-stalled: the guest stood still ..." */
export function endingText(ending: Ending): string {
  const name = ending.kind === 'host-fault' ? ending.code : ending.kind;
  return 'detail' in ending ? `${name}: ${ending.detail}` : name;
}

/**
 * available_clocksource in the kernel's order, the current source with a star, tsc in brackets: "kvm-clock* [tsc] acpi_pm",
 * "kvm-clock* acpi_pm, no tsc"; each list once if boots differ, and empty if no boot told one.
 */
export function sourcesText(finished: readonly CellFinished[]): string {
  const lists = finished.flatMap(({ observation: { available, current } }) => {
    const names = available ?? (current === null ? null : [current]);
    if (names === null) return [];
    const shown = names.map((name) => {
      const word = fitWidth(oneLine(name), SOURCE_COLUMNS);
      return `${name === 'tsc' ? '[tsc]' : word}${name === current ? '*' : ''}`;
    });
    const lacks = available !== null && !names.includes('tsc');
    return [`${shown.join(' ')}${lacks ? `${shown.length > 0 ? ', ' : ''}no tsc` : ''}`];
  });
  return [...new Set(lists)].join(' / ');
}

/** Whether available_clocksource has tsc, in every boot that told it; null if none did, or if boots differ. */
export function findingOf(finished: readonly CellFinished[]): 'there' | 'missing' | null {
  const all = finished.flatMap(({ observation: { available } }) => available?.includes('tsc') ?? []);
  if (all.length === 0 || new Set(all).size > 1) return null;
  return all[0] ? 'there' : 'missing';
}

/** The error of the kernel's TSC frequency where that is furthest off: "+0.4 ppm"; empty if it is not known. */
function errorText(finished: readonly CellFinished[]): string {
  // A TSC that is refused is no clock, so its frequency is nobody's.
  const known = finished.flatMap(({ observation: { verdict, ppm, ppmWithin } }) =>
    ppm === null || verdict === 'never' || verdict === 'unstable' ? [] : [{ ppm, ppmWithin }],
  );
  const [worst] = known.toSorted((a, b) => Math.abs(b.ppm) - Math.abs(a.ppm));
  return worst === undefined ? '' : ppmText(worst.ppm, worst.ppmWithin);
}

/** "refined, TSC +0.4 ppm", "refined x2, never x1" if the boots of a cell differ; with what it ran on if the matrix left that open. */
export function howText(finished: readonly CellFinished[], ranOn: string): string {
  const counts = new Map<string, number>();
  for (const { observation } of finished)
    counts.set(observation.verdict, (counts.get(observation.verdict) ?? 0) + 1);
  // No finding: the outcome has the same word.
  if (counts.size === 1) counts.delete('infra-error');
  const verdicts = [...counts].map(([verdict, n]) => (counts.size === 1 ? verdict : `${verdict} x${n}`));
  const error = errorText(finished);
  const parts = [...verdicts, ...(error === '' ? [] : [`TSC ${error}`])];
  if (ranOn !== '') parts[0] = `${parts[0] ?? ''} on ${ranOn}`.trim();
  return parts.join(', ');
}

/** The current source, and how far the kernel's TSC is off: "tsc, +0.4 ppm", "kvm-clock, tsc -1.0 ppm". */
function clockText(finished: CellFinished): string {
  const { current } = finished.observation;
  const name = current === null ? '' : oneLine(current);
  const error = errorText([finished]);
  const whose = error !== '' && name !== '' && name !== 'tsc' ? 'tsc ' : '';
  return [fitWidth(name, NAME_COLUMNS), `${whose}${error}`].filter((part) => part !== '').join(', ');
}

/** What a boot showed: "refined, tsc, +0.4 ppm". */
export function observationText(finished: CellFinished): string {
  const dump = finished.dump === undefined ? '' : dumpText(finished.dump);
  return [finished.observation.verdict, clockText(finished), figuresText([finished]), dump]
    .filter((part) => part !== '')
    .join(', ');
}

/** A dump of a guest's memory, or why there is none. */
export function dumpText(dump: NonNullable<CellFinished['dump']>): string {
  if ('none' in dump) return oneLine(`no dump: ${dump.none}`);
  return `${dump.file} kept (${(dump.bytes / 1024 / 1024).toFixed(1)} MiB, ${dump.format})`;
}

/** Faults of which it is known that something stood still; another one ended by itself. */
const STALLS: readonly HostFaultCode[] = ['guest-stalled', 'appliance-hung', 'guest-frozen'];

/** "known issues: 2 cells; stalls retried: 2, crashes retried: 1; infra-error: guest-stalled 1", or empty if nothing was amiss. */
export function troublesText({ cells }: Pick<RunView, 'cells'>): string {
  const all = [...cells.values()];
  return [knownCellsText(all), retriesText(all), faultsText(all)].filter((text) => text !== '').join('; ');
}

function knownCellsText(cells: readonly CellView[]): string {
  const known = cells.filter(({ judged }) => judged?.known !== undefined).length;
  return known === 0 ? '' : `known issues: ${known} ${known === 1 ? 'cell' : 'cells'}`;
}

function retriesText(cells: readonly CellView[]): string {
  const retried = cells.flatMap(({ boots }) => boots.flatMap((boot) => boot.retried));
  const stalls = retried.filter(
    ({ ending }) => ending.kind === 'host-fault' && STALLS.includes(ending.code),
  ).length;
  const crashes = retried.length - stalls;
  return [
    ...(stalls > 0 ? [`stalls retried: ${stalls}`] : []),
    ...(crashes > 0 ? [`crashes retried: ${crashes}`] : []),
  ].join(', ');
}

/** The codes of harness/guest/ending/ending.ts, of each cell that ended in one. */
function faultsText(cells: readonly CellView[]): string {
  const counts = new Map<HostFaultCode, number>();
  for (const cell of cells) {
    if (resultOf(cell).outcome !== 'infra-error') continue;
    const ending = cell.boots.findLast(({ finished }) => finished !== null)?.finished?.ending;
    if (ending?.kind === 'host-fault') counts.set(ending.code, (counts.get(ending.code) ?? 0) + 1);
  }
  const parts = [...counts].map(([code, count]) => `${code} ${count}`);
  return parts.length === 0 ? '' : `infra-error: ${parts.join(', ')}`;
}
