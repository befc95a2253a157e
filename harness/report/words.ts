/** How figures and results are said, the same in every report. */
import stringWidth from 'string-width';
import type { CellFinished, HostNoted, KernelReady } from '../record/types.ts';
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

export function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Only the release of "6.1.0-56-amd64 (...) #1 SMP ...". */
export function shortRelease(ready: KernelReady): string {
  return oneLine(ready.release).split(' ')[0] ?? '';
}

/** What a boot showed: "refined, tsc, +0.4 ppm". */
export function observationText(finished: CellFinished): string {
  const { verdict, current, ppm } = finished.observation;
  return [verdict, current === null ? '' : oneLine(current), ppm === null ? '' : ppmText(ppm)]
    .filter((part) => part !== '')
    .join(', ');
}

/** The accelerator on QEMU's command line, as in "-accel tcg,thread=single". */
export function acceleratorOf(argv: readonly string[]): string | null {
  const at = argv.findIndex((arg) => arg === '-accel' || arg === '--accel');
  return at < 0 ? null : (argv[at + 1]?.split(',')[0] ?? null);
}

/** "QEMU 7.2.22 (tcg); host AMD EPYC, Linux 6.18.44, under KVM, clocksource tsc; tscmatrix 0.1.0" */
export function hostText(host: HostNoted, accelerators: readonly string[]): string {
  const qemu = host.qemuVersion === null ? 'QEMU of unknown version' : `QEMU ${oneLine(host.qemuVersion)}`;
  const facts = [
    host.cpu,
    host.kernel === null ? null : `Linux ${host.kernel}`,
    host.hypervisor === null || host.hypervisor === 'none' ? null : `under ${host.hypervisor}`,
    host.clocksource === null ? null : `clocksource ${host.clocksource}`,
  ].filter((fact) => fact !== null);
  const accelerator = accelerators.length === 0 ? '' : `, ${accelerators.join(' and ')}`;
  return `${qemu}${accelerator}; host ${oneLine(facts.join(', '))}; tscmatrix ${oneLine(host.tscmatrix)}`;
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
