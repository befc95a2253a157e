/** The field report's experiments in real guests: the fix that no delay stops, and the one that is none. */
import { expect, test, vi } from 'vitest';
import type { ExitCounts } from '../../harness/evidence/exits.ts';
import type { Disturbance } from '../../harness/matrix/types.ts';
import type { Observation } from '../../harness/verdict/types.ts';
import { BUILD_MS } from '../support/nested-boots.ts';
import { bootNested } from '../support/nested-guest.ts';
import { seedKernel } from '../support/seed-kernel.ts';

vi.setConfig({ testTimeout: BUILD_MS });

interface Seen {
  readonly observation: Observation;
  readonly exits: ExitCounts;
}

async function boot(
  kernel: string,
  pmNs: number,
  disturbance: Disturbance | null = null,
  append = '',
): Promise<Seen> {
  const { path } = await seedKernel(kernel);
  const refDelay = { pmNs, hpetNs: 0, disturbance };
  return bootNested(path, { refDelay, append }, ({ observation, evidence }) => {
    if (evidence.exits === null) throw new Error(`nothing was counted: ${observation.reason}`);
    return { observation, exits: evidence.exits };
  });
}

test('known-freq registers tsc at its initcall, though a read takes 0.2 ms; a clock on that reference is told', async () => {
  const { observation, exits } = await boot('known-freq', 200_000, null, 'clocksource=acpi_pm');
  expect(observation).toMatchObject({ verdict: 'known-frequency', current: 'acpi_pm', differences: [] });
  const slow = observation.clock?.calls.find(({ source }) => source === 'acpi_pm');
  expect(slow).toMatchObject({ clock: 'MONOTONIC', vdso: false });
  expect(slow?.ns).toBeGreaterThan(200_000);
  const fast = observation.clock?.calls.find(({ source }) => source === 'tsc');
  expect(fast).toMatchObject({ clock: 'MONOTONIC', vdso: true });
  expect(fast?.ns).toBeLessThan(1000);
  expect(observation.available).toContain('tsc');
  expect(Math.abs(observation.ppm ?? Number.NaN)).toBeLessThan(0.5);
  expect(exits.addedNs.pm).toBe(exits.reads.pm * 200_000);
});

test('threshold-raised takes a sample that was disturbed, and its frequency is wrong', async () => {
  const { observation, exits } = await boot('threshold-raised', 14_000, {
    kind: 'every',
    every: 11,
    ns: 500_000,
  });
  expect(observation.verdict, observation.reason).toBe('refined');
  // The samples are 1 s apart: half a millisecond between them is 500 ppm.
  expect(Math.abs(observation.ppm ?? 0)).toBeGreaterThan(100);
  expect(Math.abs(observation.ppm ?? 0)).toBeLessThan(1000);
  expect(exits.disturbed.pm).toBe(Math.floor(exits.reads.pm / 11));
  // kvm-clock runs right beside it; tsc's own time runs wrong by as much the other way.
  const rates = new Map(observation.clock?.rates.map(({ source, ...rate }) => [source, rate]));
  const { ppm = Number.NaN, withinPpm = 0 } = rates.get('tsc') ?? {};
  expect(Math.abs(rates.get('kvm-clock')?.ppm ?? Number.NaN)).toBeLessThan(1);
  expect(Math.abs(ppm + (observation.ppm ?? 0))).toBeLessThan(withinPpm + 2);
});

/** splitmix64 by its definition (Steele, Lea, Flood 2014): the upper 32 bits of the nth number from a seed. */
function splitmix(seed: number, nth: number): number {
  const mask = (1n << 64n) - 1n;
  let z = (BigInt(seed) + BigInt(nth) * 0x9e3779b97f4a7c15n) & mask;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
  return Number((z ^ (z >> 31n)) >> 32n);
}

test('a disturbance by chance hits the reads that its seed says', async () => {
  const [probability, seed] = [0.125, 7];
  const { observation, exits } = await boot('stock', 0, { kind: 'random', probability, seed, ns: 100_000 });
  expect(['refined', 'unrefined'], observation.reason).toContain(observation.verdict);
  // Reads are counted from 1; the numbers of the two counters take turns, the PM timer's first.
  const hit = Array.from({ length: exits.reads.pm }, (_, at) => splitmix(seed, (at + 1) * 2)).filter(
    (drawn) => drawn < probability * 2 ** 32,
  );
  expect(hit.length).toBeGreaterThan(10);
  expect(exits.disturbed.pm).toBe(hit.length);
  expect(exits.addedNs.pm).toBe(hit.length * 100_000);
});
