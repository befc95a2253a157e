/** The clock of a healthy guest, as the probe saw it. */
import type { ClockFacts } from '../../harness/verdict/clock.ts';

export const CLOCK: ClockFacts = {
  source: 'tsc',
  calls: [{ source: 'tsc', clock: 'MONOTONIC', vdso: true, ns: 88, minNs: 88 }],
  order: [{ cpus: '0', pairs: 128, back: 0, worstNs: 0, stepNs: 93 }],
  resolutionNs: 1,
  rates: [{ source: 'tsc', ppm: 0, withinPpm: 0.1, overS: 1.96 }],
  changes: [],
};
