// The error that a disturbance makes, by arithmetic, against what a real guest settled on.
import { expect, test } from 'vitest';
import { gatherAppliance } from '../../harness/evidence/appliance.ts';
import { gatherEvidence } from '../../harness/evidence/evidence.ts';
import { errorPpm, type Refinement, sampleErrors } from '../../harness/lab/margin/error.ts';
import { apartOf } from '../../harness/lab/margin/point.ts';
import { APPLIANCE_NONCE, capture, GUEST_NONCE } from '../evidence/nested-capture.ts';

/** Of the raised limit, as the undelayed guest shows it. */
const RAISED: Refinement = {
  reference: 'pm',
  before: 20,
  sampleCycles: 13_208,
  khz: 1_000_000,
  limitCycles: 5_000_000,
};

test('a real guest, 13 us and each 11th read 200 us longer: within a hundredth of the arithmetic', () => {
  const evidence = gatherEvidence(capture('threshold-raised-disturbed.console'), GUEST_NONCE);
  const apartS = apartOf(evidence) ?? 0;
  expect(apartS).toBeCloseTo(1.024, 3);
  const errors = sampleErrors(RAISED, 13_000, { kind: 'every', every: 11, ns: 200_000 });
  // Read 22 is the second of the start sample.
  expect(errors).toEqual({ startNs: 200_000, stopNs: 0, reads: 26 });
  // kHz of a million are ppm.
  const measured = (evidence.facts.refined.at(-1)?.khz ?? 0) - 1_000_000;
  expect(measured).toBe(-195);
  const expected = errors === null ? 0 : errorPpm(errors, apartS);
  expect(Math.abs(measured / expected - 1)).toBeLessThan(0.01);
});

test('what the guest read is what the arithmetic says that it reads', () => {
  const { exits } = gatherAppliance(capture('threshold-raised-disturbed.appliance'), APPLIANCE_NONCE);
  expect(exits).toMatchObject({ kind: 'counted', counts: { marks: [{}, { reads: { pm: 26 } }, {}, null] } });
});

test('a sample above the limit is not taken, the next try is', () => {
  const stock = { ...RAISED, limitCycles: 50_000 };
  expect(sampleErrors(stock, 0, { kind: 'every', every: 11, ns: 500_000 })).toEqual({
    startNs: 0,
    stopNs: 0,
    reads: 29,
  });
  // 10 us stay below it.
  expect(sampleErrors(stock, 0, { kind: 'every', every: 11, ns: 10_000 })?.startNs).toBe(10_000);
  expect(sampleErrors(stock, 20_000, { kind: 'every', every: 11, ns: 10_000 })).toBeNull();
});

test('the first of three reads of the PM timer comes before its value, the one of the HPET after', () => {
  const every = (every: number) => ({ kind: 'every', every, ns: 1_000 }) as const;
  expect(sampleErrors(RAISED, 0, every(21))).toMatchObject({ startNs: 0, stopNs: 0 });
  expect(sampleErrors(RAISED, 0, every(23))).toMatchObject({ startNs: 1_000, stopNs: 0 });
  expect(sampleErrors(RAISED, 0, every(25))).toMatchObject({ startNs: 0, stopNs: 1_000 });
  const hpet: Refinement = { ...RAISED, reference: 'hpet' };
  expect(sampleErrors(hpet, 0, every(21))).toMatchObject({ startNs: 1_000, stopNs: 0, reads: 22 });
  expect(errorPpm({ startNs: 500_000, stopNs: 0, reads: 26 }, 1.01)).toBeCloseTo(-495, 0);
});
