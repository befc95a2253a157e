/** Spans of time as a matrix writes them: a number of ns, or text with a unit. In the program they are whole ns. */
import { textIn, wholeOf } from './quantity.ts';

const UNITS = { s: 9, ms: 6, us: 3, ns: 0 };

/** Source of a regular expression for a duration as text: 0, 800ns, 1.5us, 10us, 1ms. */
export const DURATION = '(?:0|[0-9]{1,10}(?:\\.[0-9]{1,9})?(?:ns|us|ms|s))';

/** More than this on one read would stop a guest, not slow it down: 1 s. */
export const DURATION_MAX_NS = 1_000_000_000;

/** Whole ns of a number of ns, or of text of the form DURATION; undefined if it holds a fraction of a ns. */
export function durationNs(raw: number | string): number | undefined {
  return typeof raw === 'number' ? raw : wholeOf(UNITS, raw);
}

/** What is wrong with a duration of the form DURATION, or undefined. */
export function durationFault(raw: number | string): string | undefined {
  const ns = durationNs(raw);
  if (ns === undefined) return `${raw} is not a whole number of ns`;
  return ns > DURATION_MAX_NS ? `must be at most ${durationText(DURATION_MAX_NS)}; found ${raw}` : undefined;
}

/** The one text of a duration: in the largest unit that takes at most three decimals, as in 31.25us. */
export function durationText(ns: number): string {
  return ns === 0 ? '0' : textIn(UNITS, ns);
}
