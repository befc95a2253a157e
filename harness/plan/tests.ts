/** Which tests of a matrix run in which of its cells. */
import { firstRepeated } from '../base/repeated.ts';
import { problemAt } from '../matrix/problems.ts';
import type { ExpectRule, Matrix, Problem, TestRule, TestSpec } from '../matrix/types.ts';
import { type CellAttributes, conditionsTest } from './conditions.ts';
import type { Cell } from './types.ts';

interface Tests {
  readonly of: (subject: CellAttributes) => readonly TestSpec[];
  /** Those that no subject had so far. */
  readonly unused: () => readonly TestRule[];
  /** Two tests of one cell with one name, and expectations of tests that a cell does not have. */
  readonly faults: (cells: readonly Cell[]) => readonly Problem[];
}

/** Cells with the same tests share one list. */
export function makeTests({ path, tests = [], rules, kernels }: Matrix): Tests {
  const all = tests.map((rule) => ({ rule, matches: conditionsTest(rule.when) }));
  const used = new Set<TestRule>();
  const lists = new Map<string, readonly TestSpec[]>();
  const treeless = new Map<TestRule, string>();
  return {
    of: (subject) => {
      const own = all.filter(({ matches }) => matches(subject)).map(({ rule }) => rule);
      for (const rule of own) used.add(rule);
      const kernel = own.some(({ spec }) => spec.selftest !== undefined) ? (subject.axes.kernel ?? '') : '';
      const key = `${kernel} ${own.map((rule) => tests.indexOf(rule)).join()}`;
      const list =
        lists.get(key) ?? own.map((rule) => withTree(rule, rule.from ?? kernel, kernels, treeless));
      lists.set(key, list);
      return list;
    },
    unused: () => tests.filter((rule) => !used.has(rule)),
    faults: (cells) => {
      const twice = [...lists.values()].flatMap((list) => {
        const second = firstRepeated(list);
        const place = tests.findLast(({ spec }) => spec === second)?.place;
        return second === undefined || place === undefined
          ? []
          : [
              problemAt(
                path,
                place,
                `two tests of a cell are called ${second.name}`,
                'give one another name',
              ),
            ];
      });
      const without = [...treeless].map(([{ place, spec }, kernel]) =>
        problemAt(
          path,
          place,
          `the kernel ${kernel} is not built from a source, so ${spec.selftest} cannot be`,
          'name one that is: { kselftest: ..., from: KERNEL }',
        ),
      );
      return [
        ...new Map(
          [...twice, ...without, ...unknown(cells, rules, path)].map((one) => [
            `${one.path} ${one.message}`,
            one,
          ]),
        ).values(),
      ];
    },
  };
}

/** A selftest is built from the tree of a kernel: its own changes are not in it, for it tests them. */
function withTree(
  rule: TestRule,
  from: string,
  kernels: Matrix['kernels'],
  treeless: Map<TestRule, string>,
): TestSpec {
  const { spec } = rule;
  if (spec.selftest === undefined) return spec;
  const source = kernels.find(({ name }) => name === from)?.source;
  if (source?.kind === 'build') return { ...spec, tree: source.tree };
  treeless.set(rule, from);
  return spec;
}

/** An expectation of a test that is not run could never be met. */
function unknown(cells: readonly Cell[], rules: readonly ExpectRule[], path: string): Problem[] {
  return cells.flatMap(({ id, expectation, tests = [] }) => {
    const { tests: wanted = {}, numbers = {} } = expectation;
    const names = Object.keys(wanted).map((pattern) => pattern.split('.')[0] ?? '');
    const stray = names.find((name) => !/[*?]/.test(name) && !tests.some((test) => test.name === name));
    const what =
      stray !== undefined
        ? `expects the test ${stray} of ${id}, which does not run there`
        : tests.length === 0 && Object.keys({ ...wanted, ...numbers }).length > 0
          ? `expects tests of ${id}, in which none runs`
          : undefined;
    const rule = rules.findLast(
      (one) => expectation.from.includes(one.from) && (one.tests ?? one.numbers) !== undefined,
    );
    return what === undefined || rule === undefined
      ? []
      : [problemAt(path, rule.place, what, 'name the test under tests, or narrow the rule: when')];
  });
}
