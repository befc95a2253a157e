/** What a rule concludes: a value, how sure it is, and the lines that it stands on. */
import type { Found } from '../evidence/facts/types.ts';

export type Confidence = 'certain' | 'likely' | 'possible' | 'none';

/** A line of the text at hand (1-based) and why it is cited. `line` 0: a line that should be there and is not. */
export interface Citation {
  readonly line: number;
  readonly text: string;
  readonly shows: string;
}

/** A conclusion of which the value is known by where it stands. */
export interface Claim {
  readonly confidence: Confidence;
  readonly why: string;
  readonly evidence: readonly Citation[];
}

export interface Deduction<T> extends Claim {
  readonly value: T;
}

export function found<T>(
  value: T,
  confidence: Confidence,
  evidence: readonly Citation[],
  why: string,
): Deduction<T> {
  return { value, confidence, evidence, why };
}

export function claim(confidence: Confidence, why: string, evidence: readonly Citation[] = []): Claim {
  return { confidence, why, evidence };
}

export function cite({ line, text }: Pick<Found, 'line' | 'text'>, shows: string): Citation {
  return { line, text, shows };
}

/** A line that should have come and did not. */
export function missing(text: string, shows: string): Citation {
  return { line: 0, text, shows };
}

export const REFINED_LINE = 'tsc: Refined TSC clocksource calibration: ... MHz';

const ORDER: readonly Confidence[] = ['none', 'possible', 'likely', 'certain'];
export const strength = (c: Confidence): number => ORDER.indexOf(c);
export const weaker = (a: Confidence, b: Confidence): Confidence => (strength(a) < strength(b) ? a : b);
