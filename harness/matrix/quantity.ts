/** Whole numbers of a smallest unit, written in that or a larger one: 1.5us is 1500 ns, 2893.299MHz is 2893299 kHz. */

/** Units by name, the largest first: the exponent of ten that makes the smallest of it; also how many decimals it can have. */
export type Units = Readonly<Record<string, number>>;

const PARTS = /^([0-9]+)(?:\.([0-9]+))? ?([A-Za-z]*)$/;

/** Of text whose unit is one of `units`, or has none; undefined where it is not a whole number of the smallest. */
export function wholeOf(units: Units, text: string): number | undefined {
  const [, whole = '0', decimals = '', unit = ''] = PARTS.exec(text) ?? [];
  const exponent = units[unit] ?? 0;
  const significant = decimals.replace(/0+$/, '');
  if (significant.length > exponent) return undefined;
  // Digits are moved, not multiplied: 1.001 * 1000 is not 1001 in floating point.
  return Number(`${whole}${significant.padEnd(exponent, '0')}`);
}

/** The one text of a number above 0: in the largest unit that takes at most three decimals, as in 31.25us. */
export function textIn(units: Units, whole: number): string {
  const [unit, exponent] = Object.entries(units).find(
    ([, power]) => power === 0 || (whole >= 10 ** power && whole % 10 ** Math.max(0, power - 3) === 0),
  ) ?? ['', 0];
  const digits = String(whole);
  const decimals = exponent === 0 ? '' : digits.slice(-exponent).replace(/0+$/, '');
  return `${digits.slice(0, digits.length - exponent)}${decimals === '' ? '' : `.${decimals}`}${unit}`;
}
