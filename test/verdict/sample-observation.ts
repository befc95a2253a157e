/** What a guest showed, by its verdict; nothing else is known of it but what a test says. */
import type { Verdict } from '../../harness/matrix/types.ts';
import type { Observation } from '../../harness/verdict/types.ts';

export function observed(verdict: Verdict, more: Partial<Observation> = {}): Observation {
  return {
    verdict,
    reason: `because ${verdict}`,
    current: 'tsc',
    available: ['tsc'],
    kernelKhz: 1_000_000,
    trueKhz: null,
    trueKhzFrom: null,
    ppm: null,
    diagnosis: null,
    differences: [],
    ...more,
  };
}
