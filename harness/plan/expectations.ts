/** What is expected of a cell: all rules that match, in order, a later one over the keys that it names. */
import {
  type Bounds,
  type ClockExpectation,
  EXPECTABLE,
  type Expectation,
  type ExpectRule,
  type KnownIssue,
  TEST_STATES,
} from '../matrix/types.ts';
import { type CellAttributes, conditionsTest } from './conditions.ts';
import type { Cell } from './types.ts';

/** The registrations of a guest that keeps tsc with a frequency somebody vouched for or measured. */
const DEFAULT_REGISTRATION: Expectation['registration'] = ['known-frequency', 'refined'];

/** Whatever a kernel shows, and its tests as they end: of a cell that is held against others, and not judged by itself. */
export function anything({ tests }: Pick<Cell, 'tests'>, from: string): Expectation {
  const own = tests === undefined ? {} : { tests: { '*': TEST_STATES } };
  return { registration: EXPECTABLE, ...own, from: [from] };
}

interface Expectations {
  /** With the line of the last rule that matches, if one does. */
  readonly of: (subject: CellAttributes) => { readonly expectation: Expectation; readonly line?: number };
  /** The rules that have matched no subject so far. */
  readonly unused: () => readonly ExpectRule[];
}

/** Cells that the same rules match share one Expectation object. */
export function makeExpectations(rules: readonly ExpectRule[]): Expectations {
  const tests = rules.map((rule) => ({ rule, matches: conditionsTest(rule.when) }));
  const used = new Set<ExpectRule>();
  const shared = new Map<string, ReturnType<Expectations['of']>>();
  return {
    of: (subject) => {
      const matching = tests.filter(({ matches }) => matches(subject)).map(({ rule }) => rule);
      const key = matching.map(({ from }) => from).join();
      const known = shared.get(key);
      if (known !== undefined) return known;
      for (const rule of matching) used.add(rule);
      const line = matching.at(-1)?.place.line;
      const made = { expectation: combine(matching), ...(line === undefined ? {} : { line }) };
      shared.set(key, made);
      return made;
    },
    unused: () => rules.filter((rule) => !used.has(rule)),
  };
}

/** With what would be expected without the known issues, if one of these rules is of one. */
function combine(rules: readonly ExpectRule[]): Expectation {
  const last = rules.findLast(({ known }) => known !== undefined);
  const asked = combineAll(rules);
  if (last?.known === undefined) return asked;
  const otherwise = combineAll(rules.filter(({ known }) => known === undefined));
  return { ...asked, known: { ...last.known, rule: last.from, otherwise } };
}

function combineAll(rules: readonly ExpectRule[]): Expectation {
  const registration = lastOf(rules, (rule) => rule.registration);
  const current = lastOf(rules, (rule) => rule.current);
  // One key of the matrix, so one rule decides both bounds.
  const accuracy = rules.findLast((rule) => (rule.accuracyPpm ?? rule.offByPpm) !== undefined);
  const reads = lastOf(rules, (rule) => rule.reads);
  // Its keys count each by itself.
  const clock: ClockExpectation = Object.assign({}, ...rules.map((rule) => rule.clock ?? {}));
  const must = lastOf(rules, (rule) => rule.must);
  const mustNot = lastOf(rules, (rule) => rule.mustNot);
  // By name, as those of the clock; a name that comes again counts where it came last.
  const tests = overlaid(rules.map((rule) => rule.tests));
  const numbers = overlaid(rules.map((rule) => rule.numbers));
  return {
    registration: registration ?? DEFAULT_REGISTRATION,
    ...(current === undefined ? {} : { current }),
    ...(accuracy?.accuracyPpm === undefined ? {} : { accuracyPpm: accuracy.accuracyPpm }),
    ...(accuracy?.offByPpm === undefined ? {} : { offByPpm: accuracy.offByPpm }),
    ...(reads === undefined ? {} : { reads }),
    ...(Object.keys(clock).length === 0 ? {} : { clock }),
    ...(must === undefined && mustNot === undefined
      ? {}
      : { messages: { must: must ?? [], mustNot: mustNot ?? [] } }),
    ...(tests === undefined ? {} : { tests }),
    ...(numbers === undefined ? {} : { numbers }),
    from: [...rules.map(({ from }) => from), ...(registration === undefined ? ['default'] : [])],
  };
}

function overlaid<T>(
  maps: readonly (Readonly<Record<string, T>> | undefined)[],
): Record<string, T> | undefined {
  const all = new Map<string, T>();
  for (const [name, value] of maps.flatMap((map) => Object.entries(map ?? {}))) {
    all.delete(name);
    all.set(name, value);
  }
  return all.size === 0 ? undefined : Object.fromEntries(all);
}

function lastOf<T>(rules: readonly ExpectRule[], pick: (rule: ExpectRule) => T | undefined): T | undefined {
  const rule = rules.findLast((candidate) => pick(candidate) !== undefined);
  return rule === undefined ? undefined : pick(rule);
}

/** What is expected of a cell, in one line for people. */
export function expectationText(expectation: Expectation): string {
  const parts = [expectation.registration.join(' or ')];
  if (expectation.current !== undefined) parts.push(`current ${expectation.current.join(' or ')}`);
  if (expectation.accuracyPpm !== undefined) parts.push(`within ${expectation.accuracyPpm} ppm`);
  if (expectation.offByPpm !== undefined) parts.push(`wrong by at least ${expectation.offByPpm} ppm`);
  const { min, max } = expectation.reads ?? {};
  if (min !== undefined) parts.push(`at least ${min} reads`);
  if (max !== undefined) parts.push(`at most ${max} reads`);
  parts.push(...clockParts(expectation.clock));
  for (const [name, states] of Object.entries(expectation.tests ?? {}))
    parts.push(`${name} ${states.join(' or ')}`);
  for (const [name, bounds] of Object.entries(expectation.numbers ?? {}))
    parts.push(boundsText(name, bounds));
  if (expectation.known !== undefined) parts.push(knownText(expectation.known));
  return parts.join(', ');
}

/** "known issue: REASON (URL, until 2026-12-31)" */
export function knownText({ reason, url, until }: KnownIssue): string {
  const more = [url ?? '', until === undefined ? '' : `until ${until}`].filter((part) => part !== '');
  return `known issue: ${reason}${more.length === 0 ? '' : ` (${more.join(', ')})`}`;
}

/** "read_ns at least 3 and at most 100". */
function boundsText(name: string, { min, max }: Bounds): string {
  const parts = [min === undefined ? '' : `at least ${min}`, max === undefined ? '' : `at most ${max}`];
  return `${name} ${parts.filter((part) => part !== '').join(' and ')}`;
}

/** What is expected of the clock, a part for each key: "vDSO", "at most 100 ns a call", "no warp", "rate within 50 ppm". */
export function clockParts({ vdso, ns, warp, ratePpm }: ClockExpectation = {}): string[] {
  return [
    vdso === undefined ? '' : vdso ? 'vDSO' : 'no vDSO',
    ns?.min === undefined ? '' : `at least ${ns.min} ns a call`,
    ns?.max === undefined ? '' : `at most ${ns.max} ns a call`,
    warp === undefined ? '' : 'no warp',
    ratePpm?.max === undefined ? '' : `rate within ${ratePpm.max} ppm`,
    ratePpm?.min === undefined ? '' : `rate wrong by at least ${ratePpm.min} ppm`,
  ].filter((part) => part !== '');
}
