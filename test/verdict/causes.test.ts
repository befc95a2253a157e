/** A cause is whole: rules, advice, a row in docs/causes.md and a captured text. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { adviceOn, CAUSE_ROWS, CAUSES, causeOf } from '../../harness/verdict/causes.ts';
import { contextOf } from '../../harness/verdict/context.ts';
import { diagnose } from '../../harness/verdict/diagnose.ts';
import { registrationOf } from '../../harness/verdict/registration.ts';
import { captures, inputOf } from './capture-file.ts';

/** Those that leave nothing to be done, or only something to be sent. */
const WITHOUT_ADVICE = ['none', 'undetermined'];

const DOCS = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'causes.md'), 'utf8');
function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/ ?\|(?= )/)
        .map((cell) => cell.trim()),
    );
}
const table = rowsOf(DOCS.split('## How sure')[0] ?? '');

/** How sure each can be: the second table, with a text in each cell that applies. */
const SURE = ['certain', 'likely', 'possible'] as const;
const [, howSure = ''] = DOCS.split('## How sure');
const sureTable = new Map(rowsOf(howSure).map(([name = '', ...cells]) => [name.replaceAll('`', ''), cells]));

const cases = captures().map((one) => {
  const input = inputOf(one);
  return {
    path: one.path,
    cause: one.expect.get('cause'),
    context: contextOf(input),
    diagnosis: diagnose(input),
  };
});

test('docs/causes.md has one row for each cause, and no others', () => {
  expect(table.map(([name]) => name?.replaceAll('`', '')).sort()).toEqual([...CAUSES].sort());
});

test('no advice is given for two causes', () => {
  const all = CAUSE_ROWS.flatMap(({ advice }) => (typeof advice === 'function' ? [] : advice));
  expect(new Set(all).size).toBe(all.length);
});

describe.each(CAUSE_ROWS.map((row) => ({ ...row })))('$name', ({ name, rules }) => {
  const own = cases.filter((c) => c.cause === name);

  test('has rules, a captured text and a row of the docs that is filled in', () => {
    expect(rules).not.toEqual([]);
    expect(own.map((c) => c.path)).not.toEqual([]);
    const row = table.find(([cell]) => cell === `\`${name}\``);
    expect(row?.map((cell) => cell.trim()).filter((cell) => cell !== '')).toHaveLength(4);
  });

  test('is as sure as docs/causes.md says, and each degree there has a captured text', () => {
    const told = SURE.filter((_, i) => (sureTable.get(name)?.[i] ?? '') !== '');
    // What a text of several boots unsettles is in no row of the table.
    const sound = own.filter((c) => !/of different boots/.test(c.diagnosis.summary));
    const seen = new Set(sound.map((c) => c.diagnosis.confidence).filter((c) => c !== 'none'));
    expect([...seen].sort()).toEqual([...told].sort());
  });

  test('has advice, and its captured texts are given it', () => {
    for (const { context, diagnosis } of own) {
      const advice = adviceOn(name, context);
      expect(advice.length > 0).toBe(!WITHOUT_ADVICE.includes(name));
      for (const step of advice) expect(diagnosis.next).toContain(step);
      if (name !== 'none') expect(diagnosis.next).not.toEqual([]);
    }
  });

  test.each(
    rules.map((rule, index) => ({ ...rule, title: `rule ${index + 1}: ${rule.end}, ${rule.ground}` })),
  )('$title decides a captured text', (rule) => {
    const decided = own.filter(({ context }) => {
      const registration = registrationOf(context);
      const claim = rule.find(context, registration.value);
      return claim && causeOf(context, registration.value).why === claim.why;
    });
    expect(decided.map((c) => c.path)).not.toEqual([]);
  });
});
