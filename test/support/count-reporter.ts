/** A reporter of vitest's that stores what scripts/count-tests.ts prints. vitest's own JSON has no reasons of skipped tests. */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  /** Name and reason. */
  readonly skipped: readonly string[];
  /** The slowest first. */
  readonly files: readonly { readonly file: string; readonly tests: number; readonly wallMs: number }[];
}

/** A file that fails to load has no test to count, and is a failure all the same; so is an error outside of all tests. */
export function countTests(modules: readonly TestModule[], errorsOutside: number): TestCounts {
  let passed = 0;
  let failed = errorsOutside;
  const skipped: string[] = [];
  const files: TestCounts['files'][number][] = [];
  for (const module of modules) {
    const file = relative('.', module.moduleId);
    let tests = 0;
    let failedHere = 0;
    for (const test of module.children.allTests()) {
      const result = test.result();
      tests++;
      if (result.state === 'passed') passed++;
      else if (result.state === 'failed') failedHere++;
      else if (result.state === 'skipped')
        skipped.push(
          `${file}: ${test.fullName}: ${result.note ?? (module.ok() ? 'no reason given' : 'its file failed before')}`,
        );
    }
    failed += failedHere > 0 ? failedHere : module.ok() ? 0 : 1;
    const { collectDuration, duration } = module.diagnostic();
    files.push({ file, tests, wallMs: collectDuration + duration });
  }
  return { passed, failed, skipped, files: files.sort((a, b) => b.wallMs - a.wallMs) };
}

export function countReporter(path: string): Reporter {
  return {
    onTestRunEnd(modules, errors) {
      writeFileSync(path, JSON.stringify(countTests(modules, errors.length)));
    },
  };
}
