import { expect, test } from 'vitest';
import { parseRelease } from '../../harness/evidence/facts/kernel.ts';
import { generationOf, sampleLimitCycles } from '../../harness/verdict/kernel-generations.ts';

test.each([
  ['3.10.0-514.el7.x86_64', '50000-cycles', 'unrefined', 'TSC_RELIABLE', false, false],
  ['3.10.0-957.el7.tscheck.x86_64', '50000-cycles', 'unrefined', 'TSC_RELIABLE', false, false],
  ['3.10.0-1160.119.1.el7.x86_64', 'khz-shift-5', 'restart', 'TSC_RELIABLE', false, false],
  ['3.16.0-4-amd64', '50000-cycles', 'unrefined', 'TSC_RELIABLE', false, false],
  ['4.4.302', '50000-cycles', 'unrefined', 'TSC_RELIABLE', false, false],
  ['4.9.0-19-amd64', '50000-cycles', 'unrefined', 'TSC_RELIABLE', false, false],
  ['4.14.24', '50000-cycles', 'unrefined', 'TSC_KNOWN_FREQ', false, false],
  ['4.14.67', '50000-cycles', 'unrefined', 'TSC_KNOWN_FREQ', true, false],
  ['4.14.325', '50000-cycles', 'unrefined', 'TSC_KNOWN_FREQ', true, false],
  ['4.19.222', '50000-cycles', 'unrefined', 'TSC_KNOWN_FREQ', true, true],
  ['4.18.0-553.el8_10.x86_64', 'khz-shift-5', 'restart', 'TSC_KNOWN_FREQ', true, true],
  ['5.4.0', 'khz-shift-5', 'restart', 'TSC_KNOWN_FREQ', true, true],
  ['6.1.0-56-cloud-amd64', 'khz-shift-5', 'restart', 'TSC_KNOWN_FREQ', true, true],
  ['7.3.4+deb13-cloud-amd64', 'khz-shift-5', 'restart', 'TSC_KNOWN_FREQ', true, true],
  ['5.14.0-427.el9.x86_64', 'khz-shift-5', 'restart', 'TSC_KNOWN_FREQ', true, true],
])('%s', (release, sampleLimit, stopRejected, atOnce, kvmKnowsFrequency, tscEarly) => {
  expect(generationOf(parseRelease(release))).toMatchObject({
    sampleLimit,
    stopRejected,
    atOnce,
    kvmKnowsFrequency,
    tscEarly,
  });
});

test('below 1.6 GHz the newer limit is the stricter one', () => {
  const old = generationOf(parseRelease('4.9.0'));
  const fixed = generationOf(parseRelease('5.0.0'));
  if (old === null || fixed === null) throw new Error('no era');
  const stricter = (khz: number) => (sampleLimitCycles(fixed, khz) ?? 0) < (sampleLimitCycles(old, khz) ?? 0);
  expect([stricter(1_000_000), stricter(1_599_000), stricter(1_601_000), stricter(3_000_000)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('what is no release has no era', () => {
  expect(generationOf(parseRelease('hello'))).toBe(null);
  expect(generationOf(parseRelease('2.6.32-754.el6'))).toBe(null);
});
