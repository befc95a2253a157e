import { relative } from 'node:path';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { countReporter } from './test/support/count-reporter.ts';
import { startRank, TIERS, type TierName } from './test/tiers.ts';

const report = process.env.TSCMATRIX_TEST_REPORT;

function project(name: TierName, options: object): TestProjectConfiguration {
  const { include, exclude } = TIERS[name];
  return { extends: true, test: { name, include: [...include], exclude: [...exclude], ...options } };
}

// Files share a worker, and with it the modules that they import.
const UNIT = {
  pool: 'threads',
  isolate: false,
  testTimeout: 60_000,
  setupFiles: ['test/support/unit-tier.ts'],
};
// Boots take seconds and share two cores with each other: generous limits, no timing asserts.
const SLOW = { testTimeout: 120_000, hookTimeout: 300_000 };

class SlowFirst extends BaseSequencer {
  override async sort(specs: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => startRank(relative(import.meta.dirname, moduleId));
    return (await super.sort(specs)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
    // For scripts/ci.sh, which counts.
    reporters: report ? ['default', countReporter(report)] : ['default'],
    projects: [
      project('unit', UNIT),
      project('long', { ...UNIT, ...SLOW }),
      project('cli', SLOW),
      project('guest', { ...SLOW, globalSetup: ['test/support/guest-tier.ts'] }),
      project('browser', SLOW),
    ],
  },
});
