/**
 * Checksums of any run of parts of a text, from those of its beginnings alone. Pure arithmetic on CRC-32 (IEEE 802.3,
 * reflected), as crc32_combine() does it in zlib's crc32.c.
 */
import { crc32 } from 'node:zlib';

const POLYNOMIAL = 0xedb88320;
/** x^(2^n) modulo the polynomial, for n up to the bits of a length in bits. */
const SQUARES = squares();

function squares(): Uint32Array {
  const table = new Uint32Array(48);
  let power = 1 << 30; // x^1: the highest bit is x^0
  for (let n = 0; n < table.length; n++) {
    table[n] = power;
    power = multiply(power, power);
  }
  return table;
}

/** a(x) * b(x) modulo the polynomial. */
function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bit = 31; bit >= 0; bit--) {
    if ((a >>> bit) & 1) product ^= factor;
    factor = factor & 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
  }
  return product >>> 0;
}

/** x^(8 * bytes) modulo the polynomial. */
function shiftOf(bytes: number): number {
  let shift = 1 << 31; // x^0
  let n = 3;
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) shift = multiply(SQUARES[n] ?? 0, shift);
    n++;
  }
  return shift;
}

/** Gives the CRC-32 of parts[from..to), put together, in a time that does not depend on how many or how long they are. */
export function crcWindows(parts: readonly string[]): (from: number, to: number) => number {
  const sums = new Uint32Array(parts.length + 1);
  const ends = new Float64Array(parts.length + 1);
  for (const [i, part] of parts.entries()) {
    sums[i + 1] = crc32(part, sums[i] ?? 0);
    ends[i + 1] = (ends[i] ?? 0) + Buffer.byteLength(part);
  }
  const shifts = new Map<number, number>();
  return (from, to) => {
    const bytes = (ends[to] ?? 0) - (ends[from] ?? 0);
    const shift = shifts.get(bytes) ?? shiftOf(bytes);
    shifts.set(bytes, shift);
    return ((sums[to] ?? 0) ^ multiply(shift, sums[from] ?? 0)) >>> 0;
  };
}
