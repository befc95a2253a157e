/** The user's own tests as every report says them. */
import { oneLine } from '../base/safe-text.ts';
import type { Observation, TestResult } from '../verdict/types.ts';

const PARTS = 20;

/** A line for each test, those of its results that are no pass, its numbers, and what it rests on. */
export function testLines(tests: Observation['tests'] = []): string[] {
  return tests.flatMap((test) => [headOf(test), ...detailOf(test)].map(oneLine));
}

function headOf({ name, state, reason, ms }: TestResult): string {
  return `${name}: ${state}: ${reason}${ms === null ? '' : `, ${ms} ms`}`;
}

function detailOf({ parts, numbers, evidence }: TestResult): string[] {
  const odd = parts.filter(({ state }) => state !== 'pass');
  return [
    ...odd.slice(0, PARTS).map(({ name, state, line }) => `  ${name}: ${state} (line ${line})`),
    ...(odd.length > PARTS ? [`  and ${odd.length - PARTS} more`] : []),
    ...numbers.slice(0, PARTS).map(({ name, value }) => `  ${name}=${value}`),
    ...(numbers.length > PARTS ? [`  and ${numbers.length - PARTS} more numbers`] : []),
    ...evidence.map(({ line, text, shows }) => `  line ${line}: ${text} (${shows})`),
  ];
}

/** "tests 3 of 4 passed", "2 tests passed"; empty where there were none. Of several boots, the worst of each. */
export function testsText(boots: readonly Pick<Observation, 'tests'>[]): string {
  const all = boots.flatMap(({ tests }) => tests ?? []);
  if (all.length === 0) return '';
  const names = new Set(all.map(({ name }) => name));
  const bad = [...names].filter((name) => all.some((test) => test.name === name && test.state !== 'pass'));
  if (bad.length === 0) return `${names.size} ${names.size === 1 ? 'test' : 'tests'} passed`;
  const states = bad.map((name) => {
    const found = all.filter((test) => test.name === name && test.state !== 'pass').map(({ state }) => state);
    return `${oneLine(name)} ${[...new Set(found)].join('/')}`;
  });
  return `${names.size - bad.length} of ${names.size} tests passed; ${states.slice(0, 3).join(', ')}${states.length > 3 ? `, ${states.length - 3} more` : ''}`;
}
