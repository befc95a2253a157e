/** The frequency of a guest's TSC: what a matrix may write, and the one text that the program and its records hold. */
import { z } from 'zod';
import { refused } from './names.ts';
import { textIn, wholeOf } from './quantity.ts';

const UNITS = { GHz: 6, MHz: 3, kHz: 0 };
const LEAST_KHZ = 500_000;
const MOST_KHZ = 6_000_000;

/** One instruction is one virtual ns, and so one cycle (accel/tcg/icount-common.c, icount_get()): a guest that asks for nothing else. */
export const COUNTED_TSC_KHZ = 1_000_000;
export const COUNTED_TSC = textIn(UNITS, COUNTED_TSC_KHZ);

const RULE = 'must be a number of kHz, or text such as 3GHz, 2400MHz or 2893.299 MHz';
const RANGE = `must be ${textIn(UNITS, LEAST_KHZ)} to ${textIn(UNITS, MOST_KHZ)}`;
const TEXT = /^[0-9]{1,7}(?:\.[0-9]{1,9})? ?(?:GHz|MHz|kHz)$/;

function fault(text: string): string | undefined {
  const khz = TEXT.test(text) ? wholeOf(UNITS, text) : LEAST_KHZ;
  // QEMU's tsc-frequency is in Hz, and what it and KVM keep of it is kHz (x86_cpuid_set_tsc_freq() in target/i386/cpu.c).
  if (khz === undefined) return `${text} is not a whole number of kHz`;
  return khz < LEAST_KHZ || khz > MOST_KHZ ? `${RANGE}; found ${text}` : undefined;
}

export const tscFrequencySchema = z
  .union(
    [z.int().min(LEAST_KHZ, RANGE).max(MOST_KHZ, RANGE), z.string().regex(TEXT, RULE).check(refused(fault))],
    { error: RULE },
  )
  .describe(
    "The frequency of the guest's TSC, 0.5 to 6 GHz, to a kHz: a number of kHz, or text such as 3GHz, 2400MHz or 2893.299 MHz.",
  );

/** As a record holds it. */
export const tscFrequencyHeld = z.string().regex(TEXT).nullable();

/** The one text of a value that the schema accepts. */
export function tscFrequencyOf(raw: unknown): string {
  return textIn(UNITS, typeof raw === 'number' ? raw : (wholeOf(UNITS, String(raw)) ?? 0));
}

/** Of a guest. */
interface Asked {
  readonly tscFrequency: string | null;
}

/** What was asked for, kHz; null where nothing was. */
export function askedTscKhz({ tscFrequency }: Asked): number | null {
  return tscFrequency == null ? null : (wholeOf(UNITS, tscFrequency) ?? null);
}

/** Of a guest whose instructions are counted, kHz. */
export function countedTscKhz(guest: Asked): number {
  return askedTscKhz(guest) ?? COUNTED_TSC_KHZ;
}
