/** The delay at which a kernel stops registering tsc, found by boots, against arithmetic on its source. */
import { expect, test } from 'vitest';
import { bootNested } from '../support/nested-guest.ts';
import { seedKernel } from '../support/seed-kernel.ts';

/** ns. */
const STEP = 250;
const HIGHEST = 16_000;

/** At 1 GHz: stock's 50000 cycles, and tsc_khz >> 5 (arch/x86/kernel/tsc.c); a PM timer sample is three reads. */
const LIMITS = { stock: 50_000, 'refine-fix': 1_000_000 >> 5 } as const;
const READS = 3;

interface Boot {
  readonly registers: boolean;
  /** Cycles of three reads in a row without what was added, as the probe measures them. */
  readonly sample: number;
}

async function bootAt(kernelPath: string, delayNs: number): Promise<Boot> {
  const refDelay = { pmNs: delayNs, hpetNs: 0, disturbance: null };
  return bootNested(kernelPath, { refDelay }, ({ observation, evidence }) => {
    expect(['refined', 'never'], observation.reason).toContain(observation.verdict);
    const cost = evidence.report.refcost.find(({ value }) => value.source === 'pm3')?.value;
    if (cost?.kind !== 'measured') throw new Error('the probe could not measure the PM timer');
    return { registers: observation.verdict === 'refined', sample: cost.median };
  });
}

test.each(['stock', 'refine-fix'] as const)(
  '%s stops registering where its limit on a sample is reached',
  async (name) => {
    const { path } = await seedKernel(name);
    const undelayed = await bootAt(path, 0);
    expect(undelayed.registers).toBe(true);
    expect((await bootAt(path, HIGHEST)).registers).toBe(false);
    // Registers at `low`, not at `high`.
    let [low, high] = [0, HIGHEST];
    while (high - low > STEP) {
      const middle = Math.round((low + high) / 2 / STEP) * STEP;
      if ((await bootAt(path, middle)).registers) low = middle;
      else high = middle;
    }
    const byArithmetic = (LIMITS[name] - undelayed.sample) / READS;
    console.log(
      `${name}: registers up to ${low} ns a read, not from ${high} ns; (${LIMITS[name]} - ${undelayed.sample}) / ${READS} = ${byArithmetic.toFixed(0)} ns`,
    );
    expect(byArithmetic).toBeGreaterThan(low - STEP);
    expect(byArithmetic).toBeLessThan(high + STEP);
  },
  600_000,
);
