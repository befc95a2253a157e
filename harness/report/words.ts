/** How figures and results are said, the same in every report. */
import { fitWidth, ppmText } from '../base/figures.ts';
import { oneLine } from '../base/safe-text.ts';
import type { Ending, HostFaultCode } from '../guest/ending/ending.ts';
import { type CellView, type RunView, resultOf } from '../record/run-view.ts';
import type { CellFinished, KernelReady } from '../record/types.ts';
import { OUTCOMES, type Outcome } from '../verdict/types.ts';
import { clockFigures } from './clock-text.ts';

/** Of a name in a table. The longest id of a cell has 150 characters. */
export const NAME_COLUMNS = 160;

/** Marks that read without colour; "ok" is quiet, what needs a look is loud. */
export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  expected: 'ok',
  unexpected: 'UNEXPECTED',
  flaky: 'FLAKY',
  skipped: 'skipped',
  'infra-error': 'infra-error',
};

/** "24 cells: 22 expected, 1 unexpected, 1 skipped" */
export function countsText(counts: Readonly<Record<Outcome, number>>): string {
  const total = OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
  const parts = OUTCOMES.filter((outcome) => counts[outcome] > 0).map(
    (outcome) => `${counts[outcome]} ${outcome}`,
  );
  return `${total} ${total === 1 ? 'cell' : 'cells'}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

/** "71 reads", "71 to 114 reads" if boots differ, empty if nothing was counted. Both counters, before the probe's own. */
export function readsText(finished: readonly CellFinished[]): string {
  const counts = finished.flatMap(({ observation: { readCounts } }) =>
    readCounts === undefined || readCounts === null ? [] : [readCounts.pm + readCounts.hpet],
  );
  if (counts.length === 0) return '';
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return `${least === most ? '' : `${least} to `}${most} ${most === 1 ? 'read' : 'reads'}`;
}

/** "71 reads, 25 ns": what was counted and measured beside the verdict, as far as it was. */
export function figuresText(finished: readonly CellFinished[]): string {
  const clock = clockFigures(finished.map(({ observation }) => observation.clock));
  return [readsText(finished), clock].filter((part) => part !== '').join(', ');
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

/** The current source of every boot, and how far the kernel's TSC is off where that is furthest: "tsc, +0.4 ppm", "kvm-clock, tsc -1.0 ppm". */
export function clockText(finished: readonly CellFinished[]): string {
  const seen = finished.map(({ observation }) => observation);
  const sources = [...new Set(seen.flatMap(({ current }) => (current === null ? [] : [oneLine(current)])))];
  // A TSC that is refused is no clock, so its frequency is nobody's.
  const known = seen.flatMap(({ verdict, ppm, ppmWithin }) =>
    ppm === null || verdict === 'never' || verdict === 'unstable' ? [] : [{ ppm, ppmWithin }],
  );
  const [worst] = known.toSorted((a, b) => Math.abs(b.ppm) - Math.abs(a.ppm));
  const error = worst === undefined ? '' : ppmText(worst.ppm, worst.ppmWithin);
  const whose = error !== '' && sources.length > 0 && !sources.includes('tsc') ? 'tsc ' : '';
  return [sources.map((name) => fitWidth(name, NAME_COLUMNS)).join('/'), `${whose}${error}`]
    .filter((part) => part !== '')
    .join(', ');
}

/** What a boot showed: "refined, tsc, +0.4 ppm". */
export function observationText(finished: CellFinished): string {
  return [finished.observation.verdict, clockText([finished]), figuresText([finished])]
    .filter((part) => part !== '')
    .join(', ');
}

/** Faults of which it is known that something stood still; another one ended by itself. */
const STALLS: readonly HostFaultCode[] = ['guest-stalled', 'appliance-hung', 'guest-frozen'];

/** "stalls retried: 2, crashes retried: 1; infra-error: guest-stalled 1", or empty if nothing was amiss. */
export function troublesText({ cells }: Pick<RunView, 'cells'>): string {
  const all = [...cells.values()];
  return [retriesText(all), faultsText(all)].filter((text) => text !== '').join('; ');
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
