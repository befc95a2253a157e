/** Conditions on a cell: of expect rules, excludes and filters. */
import { globTest } from '../base/glob.ts';
import { isSetting, textOf } from '../matrix/settings.ts';
import type { Condition, GuestSpec } from '../matrix/types.ts';

/** What conditions look at. An axis that a cell has no value on is absent from `axes`. */
export interface CellAttributes {
  readonly axes: Readonly<Record<string, string>>;
  readonly guest: GuestSpec;
}

/** The value that a condition on `key` sees: settings as they really are, other axes by the name of their value. */
export function axisValue(subject: CellAttributes, key: string): string | undefined {
  if (isSetting(key)) return textOf(subject.guest, key);
  return Object.hasOwn(subject.axes, key) ? subject.axes[key] : undefined;
}

/** A test of all conditions. Answers are remembered by value, for there are few values and many cells. */
export function conditionsTest(conditions: readonly Condition[]): (subject: CellAttributes) => boolean {
  const tests = conditions.map(({ key, not, patterns }) => {
    const globs = patterns.map(globTest);
    const answers = new Map<string | undefined, boolean>();
    return (subject: CellAttributes): boolean => {
      const value = axisValue(subject, key);
      let answer = answers.get(value);
      if (answer === undefined) {
        answer = (value !== undefined && globs.some((matches) => matches(value))) !== not;
        answers.set(value, answer);
      }
      return answer;
    };
  });
  return (subject) => tests.every((test) => test(subject));
}
