/** What the user's own tests came to, from how they ended and what they wrote. Pure. What was not run is told as such. */

import { neutralise } from '../base/neutralise.ts';
import type { TestReport } from '../evidence/test-results.ts';
import type { PackedTest, PackedTests } from '../matrix/packed-tests.ts';
import { FAILURES, type TestState } from '../matrix/types.ts';
import type { Citation } from './deduction.ts';
import type { Observation, TestResult } from './types.ts';

/** Exit code of a test that says nothing: KSFT_SKIP in tools/testing/selftests/kselftest.h. */
const SKIPPED = 4;
/** Lines that are cited of a test that did not pass. */
const CITED = 5;
const SIGNALS: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
};

/**
 * In the order of the list. A console that cannot be trusted says nothing of any: whoever wrote the frames that contradict
 * each other, or the end that came too early, may have written the others.
 */
export function testResults(
  { list, outputBytes }: PackedTests,
  reports: readonly TestReport[],
  observation: Pick<Observation, 'verdict' | 'reason'>,
): TestResult[] {
  const { verdict, reason } = observation;
  const failed = (FAILURES as readonly string[]).includes(verdict);
  const told = !['no-evidence', 'infra-error'].includes(verdict);
  return list.map((test, n) => {
    const report = told ? reports.find(({ run }) => run.n === n && run.name === test.name) : undefined;
    if (report === undefined || report.run.end === null) {
      const why = report === undefined ? 'it was not run' : 'it had begun, and never came to its end';
      const lost = `${why}${failed ? `: ${verdict}, ${reason}` : ''}`;
      return {
        ...nothing(test),
        state: 'not-run',
        reason: lost,
        evidence: report === undefined ? [] : tailOf(report),
      };
    }
    const { state, reason: how } = judge(report, test, outputBytes);
    return {
      ...nothing(test),
      state,
      reason: how,
      ms: Math.round(report.run.end.ns / 1e4) / 100,
      parts: (report.tap?.points ?? []).map(({ name, state: part, line }) => ({
        name: `${test.name}.${name}`,
        state: part,
        line: report.run.outLines[line - 1] ?? 0,
      })),
      numbers: report.numbers.map(({ name, value, line }) => ({
        name,
        value,
        line: report.run.outLines[line - 1] ?? 0,
      })),
      evidence: state === 'pass' ? [] : evidenceOf(report),
    };
  });
}

function nothing({ name, sha256 }: PackedTest): Omit<TestResult, 'state' | 'reason'> {
  return { name, sha256, ms: null, parts: [], numbers: [], evidence: [] };
}

/** Exit code and results must agree: neither of them alone makes a pass. */
function judge(
  { run, tap }: TestReport,
  { timeoutMs }: PackedTest,
  outputBytes: number,
): { state: TestState; reason: string } {
  const { how, code, bytes, error } = run.end as NonNullable<typeof run.end>;
  switch (how) {
    case 'unstarted':
      return { state: 'not-started', reason: `the guest could not start it: ${error}` };
    case 'timeout':
      return { state: 'timeout', reason: `it was ended after ${timeoutMs} ms of guest time` };
    case 'flood':
      return { state: 'flood', reason: `it wrote ${bytes} bytes; ${outputBytes} are the most` };
    case 'signal':
      return {
        state: 'crash',
        reason: `signal ${code}${SIGNALS[code] === undefined ? '' : ` (${SIGNALS[code]})`} ended it`,
      };
    case 'exit':
      break;
  }
  const points = tap?.points ?? [];
  const bad = points.filter(({ state }) => state === 'fail');
  const first = bad[0];
  if (first !== undefined) {
    const note = first.note === '' ? '' : `: ${first.note}`;
    return {
      state: 'fail',
      reason: `${bad.length} of ${points.length} results failed, first ${first.name}${note}`,
    };
  }
  if (code === SKIPPED) return { state: 'skip', reason: `exit code ${code}: skipped` };
  if (code !== 0) return { state: 'fail', reason: `exit code ${code}` };
  if (tap?.fault != null) return { state: 'fail', reason: tap.fault };
  const allSkipped =
    tap?.skippedAll === true || (points.length > 0 && points.every(({ state }) => state === 'skip'));
  if (allSkipped) return { state: 'skip', reason: 'all of its results are skipped' };
  return {
    state: 'pass',
    reason:
      points.length === 0
        ? 'exit code 0'
        : `exit code 0, ${points.length} ${points.length === 1 ? 'result' : 'results'}`,
  };
}

/** The results that failed, else its last words. */
function evidenceOf(report: TestReport): Citation[] {
  const { run, tap } = report;
  const lines = run.out.split('\n');
  const failed = (tap?.points ?? [])
    .filter(({ state, line }) => state === 'fail' && line > 0)
    .slice(0, CITED);
  if (failed.length === 0) return tailOf(report);
  return failed.map(({ line, name }) => ({
    line: run.outLines[line - 1] ?? 0,
    text: shown(lines[line - 1] ?? ''),
    shows: `${run.name}.${name} failed`,
  }));
}

function tailOf({ run }: TestReport): Citation[] {
  const spoken = run.err === '' ? run.out : run.err;
  const what = run.err === '' ? 'the last that it wrote' : 'the last that it wrote as an error';
  const lines = spoken.split('\n').flatMap((text, i) => (text.trim() === '' ? [] : [{ text, n: i }]));
  return lines.slice(-CITED).map(({ text, n }) => ({
    line: run.err === '' ? (run.outLines[n] ?? 0) : (run.lines.at(-1) ?? 0),
    text: shown(text),
    shows: what,
  }));
}

function shown(text: string): string {
  return neutralise(text.slice(0, 500));
}
