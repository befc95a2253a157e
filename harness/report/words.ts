/** How figures and results are said, the same in every report. */
import stringWidth from 'string-width';
import type { Ending } from '../guest/ending.ts';
import type { CellFinished, KernelReady } from '../record/types.ts';
import { OUTCOMES, type Outcome } from '../verdict/types.ts';
import { oneLine } from './safe-text.ts';

/** Marks that read without colour; "ok" is quiet, what needs a look is loud. */
export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  expected: 'ok',
  unexpected: 'UNEXPECTED',
  flaky: 'FLAKY',
  skipped: 'skipped',
  'infra-error': 'infra-error',
};

/** Signed parts per million: one decimal below 10, none above, since an estimate's own error is of that order. */
export function ppmText(ppm: number): string {
  const rounded = Math.abs(ppm) < 9.95 ? ppm.toFixed(1) : ppm.toFixed(0);
  const sign = Number(rounded) > 0 ? '+' : '';
  return `${sign}${Number(rounded) === 0 ? '0.0' : rounded} ppm`;
}

/** "24 cells: 22 expected, 1 unexpected, 1 skipped" */
export function countsText(counts: Readonly<Record<Outcome, number>>): string {
  const total = OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
  const parts = OUTCOMES.filter((outcome) => counts[outcome] > 0).map(
    (outcome) => `${counts[outcome]} ${outcome}`,
  );
  return `${total} ${total === 1 ? 'cell' : 'cells'}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

/** Minutes and seconds, for example 1:05 or 2:03:04. */
export function clockText(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const minutes = Math.floor(s / 60) % 60;
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}

/** "71 reads", "71 to 114 reads" where boots differ, empty where nothing was counted. Both counters, before the probe's own. */
export function readsText(finished: readonly CellFinished[]): string {
  const counts = finished.flatMap(({ observation: { readCounts } }) =>
    readCounts === undefined || readCounts === null ? [] : [readCounts.pm + readCounts.hpet],
  );
  if (counts.length === 0) return '';
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return `${least === most ? '' : `${least} to `}${most} ${most === 1 ? 'read' : 'reads'}`;
}

export function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
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

/** What a boot showed: "refined, tsc, +0.4 ppm". */
export function observationText(finished: CellFinished): string {
  const { verdict, current, ppm } = finished.observation;
  return [
    verdict,
    current === null ? '' : oneLine(current),
    ppm === null ? '' : ppmText(ppm),
    readsText([finished]),
  ]
    .filter((part) => part !== '')
    .join(', ');
}

const SEGMENTS = new Intl.Segmenter();

/** Cuts text without escapes to a width in terminal columns. */
export function fitWidth(text: string, columns: number, more = '...'): string {
  if (stringWidth(text) <= columns) return text;
  const room = columns - stringWidth(more);
  if (room <= 0) return more.slice(0, Math.max(0, columns));
  let kept = '';
  let width = 0;
  for (const { segment } of SEGMENTS.segment(text)) {
    width += stringWidth(segment);
    if (width > room) break;
    kept += segment;
  }
  return kept + more;
}
