/** Prints "N passed, N failed" from vitest's JSON report, with the reasons of what was skipped before it. */
import { readFileSync } from 'node:fs';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Report;
const skipped = report.testResults.flatMap(({ assertionResults }) =>
  assertionResults.filter(({ status }) => status === 'skipped' || status === 'pending' || status === 'todo'),
);
for (const { fullName } of skipped) console.log(`skipped: ${fullName}`);
// A file that fails to load has no tests to count, and is a failure all the same.
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && assertionResults.every((one) => one.status !== 'failed'),
).length;
const failed = report.numFailedTests + brokenFiles;
console.log(
  `${report.numPassedTests} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`,
);
process.exitCode = failed === 0 && report.numPassedTests > 0 ? 0 : 1;
