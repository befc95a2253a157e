/** Prints what was skipped and why, the slowest files, and as the last line "N passed, N failed": of the file that the tests' reporter wrote. */
import { readFileSync } from 'node:fs';
import type { TestCounts } from '../test/support/count-reporter.ts';

const SLOWEST = 10;

const { passed, failed, skipped, files } = JSON.parse(
  readFileSync(process.argv[2] ?? '', 'utf8'),
) as TestCounts;
for (const one of skipped) console.log(`skipped: ${one}`);
console.log(`the ${SLOWEST} slowest files, in wall time beside another one:`);
for (const { file, tests, wallMs } of files.slice(0, SLOWEST))
  console.log(`${(wallMs / 1000).toFixed(1).padStart(8)} s  ${file} (${tests} tests)`);
if (skipped.length > 0) console.log(`${skipped.length} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
