/** Spans of time as a matrix writes them: a number of ns, or text with a unit. In the program they are whole ns. */

/** The exponent of ten that makes ns of a unit; also how many decimals it can have. */
const UNITS = { s: 9, ms: 6, us: 3, ns: 0 } as const;
type Unit = keyof typeof UNITS;

/** Source of a regular expression for a duration as text: 0, 800ns, 1.5us, 10us, 1ms. */
export const DURATION = '(?:0|[0-9]{1,10}(?:\\.[0-9]{1,9})?(?:ns|us|ms|s))';

/** More than this on one read would stop a guest, not slow it down: 1 s. */
export const DURATION_MAX_NS = 1_000_000_000;
const PARTS = /^([0-9]+)(?:\.([0-9]+))?(ns|us|ms|s)?$/;

/** Whole ns of a number of ns, or of text of the form DURATION; undefined if it holds a fraction of a ns. */
export function durationNs(raw: number | string): number | undefined {
  if (typeof raw === 'number') return raw;
  const [, whole = '0', decimals = '', unit = 'ns'] = PARTS.exec(raw) ?? [];
  const exponent = UNITS[unit as Unit];
  const significant = decimals.replace(/0+$/, '');
  if (significant.length > exponent) return undefined;
  // Digits are moved, not multiplied: 1.001 * 1000 is not 1001 in floating point.
  return Number(`${whole}${significant.padEnd(exponent, '0')}`);
}

/** What is wrong with a duration of the form DURATION, or undefined. */
export function durationFault(raw: number | string): string | undefined {
  const ns = durationNs(raw);
  if (ns === undefined) return `${raw} is not a whole number of ns`;
  return ns > DURATION_MAX_NS ? `must be at most ${durationText(DURATION_MAX_NS)}; found ${raw}` : undefined;
}

/** The one text of a duration: in the largest unit that takes at most three decimals, as in 31.25us. */
export function durationText(ns: number): string {
  if (ns === 0) return '0';
  const [unit, exponent] =
    Object.entries(UNITS).find(([, power]) => ns >= 10 ** power && ns % 10 ** Math.max(0, power - 3) === 0) ??
    (['ns', 0] as const);
  const digits = String(ns);
  const decimals = exponent === 0 ? '' : digits.slice(-exponent).replace(/0+$/, '');
  return `${digits.slice(0, digits.length - exponent)}${decimals === '' ? '' : `.${decimals}`}${unit}`;
}
