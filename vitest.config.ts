import { defineConfig } from 'vitest/config';

// Boots take seconds and share two cores with each other: few workers, generous limits, no timing asserts.
const report = process.env.TSCMATRIX_TEST_REPORT;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    // For scripts/ci.sh, which counts.
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
});
