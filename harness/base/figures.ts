/** Figures as people read them, and text cut to a width. */
import stringWidth from 'string-width';

/**
 * Signed parts per million: one decimal below 10, none above, since an estimate's own error is of that order. With `within`, how
 * far that may be off: no decimals then if they are within it.
 */
export function ppmText(ppm: number, within = 0): string {
  const whole = within >= 1 || Math.abs(ppm) >= 9.95;
  const round = (value: number): string => (whole ? value.toFixed(0) : value.toFixed(1));
  const rounded = round(ppm);
  const sign = Number(rounded) > 0 ? '+' : '';
  const bound = within > 0 ? ` +/-${whole ? Math.ceil(within) : round(Math.max(within, 0.1))}` : '';
  return `${sign}${Number(rounded) === 0 ? '0' : rounded}${bound} ppm`;
}

/** The figure furthest from 0, of those that are known; null if none is. */
export function furthest(figures: readonly (number | null)[]): number | null {
  return figures.reduce(
    (far, one) => (one !== null && (far === null || Math.abs(one) > Math.abs(far)) ? one : far),
    null as number | null,
  );
}

/** The middle one, or the mean of the two in the middle; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
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
