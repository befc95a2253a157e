/** The user's own tests against what a matrix expects of them. Pure. What was not run is no pass: silence never passes. */
import { globTest } from '../base/glob.ts';
import type { Bounds, Expectation, TestState } from '../matrix/types.ts';
import type { Observation, TestResult } from './types.ts';

interface Named {
  readonly name: string;
  readonly state: TestState;
  readonly reason: string;
}

const PASS: readonly TestState[] = ['pass'];

/**
 * Why the tests are not as expected, or null. Without a word of the matrix each test must pass, its parts with it. In a guest that
 * was expected to fail (`failed`) only what is asked for by name counts: none of them can have run.
 */
export function wrongTests(
  { tests = [] }: Observation,
  { tests: wanted = {}, numbers = {} }: Pick<Expectation, 'tests' | 'numbers'>,
  failed: boolean,
): string | null {
  const patterns = Object.entries(wanted).map(([pattern, states]) => ({
    pattern,
    states,
    matches: globTest(pattern),
  }));
  for (const test of tests) {
    for (const one of resultsOf(test)) {
      const own = patterns.findLast(({ matches }) => matches(one.name));
      const states = own?.states ?? (one.name === test.name && !failed ? PASS : null);
      if (states !== null && !states.includes(one.state))
        return `test ${one.name}: ${one.state} instead of ${states.join(' or ')}: ${one.reason}${citedText(test)}`;
    }
  }
  const all = tests.flatMap(resultsOf);
  const silent = patterns.find(({ matches }) => !all.some(({ name }) => matches(name)));
  if (silent !== undefined)
    return `there is no result of the test ${silent.pattern}; ${silent.states.join(' or ')} was expected`;
  for (const [pattern, bounds] of Object.entries(numbers)) {
    const why = wrongNumber(tests, pattern, bounds);
    if (why !== null) return why;
  }
  return null;
}

/** A test, and its parts. */
export function resultsOf({ name, state, reason, parts }: TestResult): Named[] {
  return [{ name, state, reason }, ...parts.map((part) => ({ ...part, reason: `a result of ${name}` }))];
}

function citedText({ evidence }: TestResult): string {
  const [first] = evidence;
  return first === undefined ? '' : ` (line ${first.line}: ${first.text.slice(0, 200)})`;
}

/** Every number of that name must be within the bounds. One of a test that did not end well counts as it is. */
function wrongNumber(tests: readonly TestResult[], pattern: string, { min, max }: Bounds): string | null {
  const matches = globTest(pattern);
  const found = tests.flatMap(({ name: test, numbers }) =>
    numbers
      .filter(({ name }) => matches(name) || matches(`${test}.${name}`))
      .map((one) => ({ ...one, test })),
  );
  if (found.length === 0) return `no test wrote the number ${pattern}`;
  const low = found.find(({ value }) => min !== undefined && value < min);
  if (low !== undefined)
    return `${low.test}: ${low.name} is ${low.value} (line ${low.line}); at least ${min} was expected`;
  const high = found.find(({ value }) => max !== undefined && value > max);
  return high === undefined
    ? null
    : `${high.test}: ${high.name} is ${high.value} (line ${high.line}); at most ${max} was expected`;
}
