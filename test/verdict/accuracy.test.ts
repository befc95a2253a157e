/** The kernel's own error, and that of what it was told: the two are never mixed. */
import { expect, test } from 'vitest';
import { gatherEvidence } from '../../harness/evidence/evidence.ts';
import type { Launch } from '../../harness/guest/types.ts';
import { accuracyOf, ppmBetween } from '../../harness/verdict/accuracy.ts';
import { judgeCell } from '../../harness/verdict/outcome.ts';
import { bytes, NONCE, report } from '../evidence/frame-text.ts';
import { observed } from '../record/sample-run.ts';
import { LAUNCH, LOG, REPORT_FRAMES } from './sample-boot.ts';

const KVM = ['[    0.000000] kvm-clock: Using msrs 4b564d01 and 4b564d00'];
const detected = (mhz: string) => `[    0.000000] tsc: Detected ${mhz} MHz processor`;
const refined = (mhz: string) => `[    1.605173] tsc: Refined TSC clocksource calibration: ${mhz} MHz`;
const HOST = { khz: 2_495_926, from: 'host TSC against CLOCK_MONOTONIC_RAW, within 0.5 ppm', withinPpm: 0.5 };
const real = (accelerator: Launch['accelerator']): Launch => ({ ...LAUNCH, accelerator });
const COUNTED: Launch = { ...LAUNCH, guest: { ...LAUNCH.guest, clock: 'deterministic' } };

function accuracy(log: readonly string[], launch: Launch, truth: typeof HOST | null = HOST) {
  const frames = [...REPORT_FRAMES, ...log.map((line) => ['dmesg', line] as const)];
  return accuracyOf(gatherEvidence(bytes(report(frames), '\r\n'), NONCE), launch, truth);
}

test('a kernel that took what it was told has no error of its own; the appliance’s stands by itself', () => {
  expect(accuracy([...KVM, detected('2494.138')], real('nested'))).toEqual({
    kernelKhz: 2_494_138,
    toldKhz: 2_494_138,
    toldPpm: ppmBetween(2_494_138, HOST.khz),
    ppm: 0,
    ppmWithin: 0,
  });
});

test('a kernel that measured again is held against what it was told, to the kHz that it prints', () => {
  const seen = accuracy([...KVM, detected('2494.138'), refined('2494.388')], real('nested'));
  expect(seen).toMatchObject({ ppm: 100.235, ppmWithin: 0.401, toldPpm: expect.closeTo(-716.4, 1) });
});

test('told nothing in an appliance of real time, its accuracy is not known, and none is said', () => {
  const log = [
    '[    0.000000] tsc: Fast TSC calibration using PIT',
    detected('2494.100'),
    refined('2494.138'),
  ];
  expect(accuracy(log, real('nested'))).toEqual({
    kernelKhz: 2_494_138,
    toldKhz: null,
    toldPpm: null,
    ppm: null,
  });
  expect(accuracy(log, real('tcg'))).toMatchObject({
    ppm: ppmBetween(2_494_138, HOST.khz),
    ppmWithin: 0.901,
  });
  expect(accuracy(log, real('tcg'), null).ppm).toBeNull();
  // A hypervisor that shows itself and tells no frequency.
  expect(accuracy([...KVM, ...log], real('nested')).toldKhz).toBeNull();
});

test('on counted instructions the truth is exact, and no bound stands beside it', () => {
  const truth = { khz: 1_000_000, from: '-icount', withinPpm: 0 };
  expect(
    accuracy(
      LOG.filter((line) => !line.includes('Refined')),
      COUNTED,
      truth,
    ),
  ).toEqual({
    kernelKhz: 999_993,
    toldKhz: null,
    toldPpm: null,
    ppm: -7,
  });
});

test.each([
  [12, 3, 10, 'expected'],
  [14, 3, 10, 'unexpected'],
  [1, 12, 10, 'unexpected'],
])('%d ppm known to %d ppm against a bound of %d is %s', (ppm, ppmWithin, accuracyPpm, outcome) => {
  const boot = { observation: observed({ verdict: 'refined', ppm, ppmWithin }), log: null };
  const expectation = { registration: ['refined' as const], accuracyPpm, from: [] };
  expect(judgeCell([boot], expectation).outcome).toBe(outcome);
});
