/** Every case under test/captures/ leads to the diagnosis that its header names. */
import { describe, expect, test } from 'vitest';
import { readConsole } from '../../harness/evidence/console.ts';
import { diagnose } from '../../harness/verdict/diagnose.ts';
import type { Diagnosis } from '../../harness/verdict/types.ts';
import { captures, inputOf, pastedFacts } from './capture-file.ts';

const cases = captures();

test('there are cases of every kind', () => {
  const folders = new Set(cases.map((c) => c.path.split(/[\\/]/)[0]));
  expect([...folders].sort()).toEqual([
    'consoles',
    'damaged',
    'diagnose',
    'eras',
    'forms',
    'guests',
    'seed',
    'seed-kernels',
  ]);
});

describe.each(cases.map((c) => ({ ...c, title: c.path })))('$title', (one) => {
  const { path, header, expect: wanted, body } = one;
  const lines = readConsole(body);
  const input = inputOf(one);
  const diagnosis = diagnose(input);

  // Those of diagnose/ are read as pasted text in any case.
  const isPasted = path.startsWith('diagnose');
  if (!isPasted)
    test('is the same to the reader of pasted text', () => {
      const pasted = diagnose({ ...input, facts: pastedFacts(body) });
      const short = ({ evidence, ...rest }: Diagnosis) => ({ ...rest, lines: evidence.map((e) => e.line) });
      expect(short(pasted)).toEqual(short(diagnosis));
    });

  test('is diagnosed as its header says', () => {
    const got = new Map(Object.entries(diagnosis));
    for (const [key, value] of wanted) expect(`${key}=${String(got.get(key))}`).toBe(`${key}=${value}`);
  });

  test('cites lines that are really there, and just those of its header', () => {
    for (const citation of diagnosis.evidence.filter((e) => e.line > 0)) {
      const shown = lines.filter((l) => l.n === citation.line).map((l) => l.text.replaceAll('\t', ' '));
      // Of a message that was wrapped, the number is that of its first part.
      const begins = (text: string) =>
        text.trim() !== '' && citation.text.startsWith(text.trim().replace(/=$/, ''));
      expect(shown.some((text) => text.includes(citation.text) || begins(text))).toBe(true);
    }
    const cited = [...new Set(diagnosis.evidence.map((e) => e.line))].sort((a, b) => a - b);
    expect(cited.join(' ')).toBe(header.get('cites') ?? '');
  });

  test('asks for what is missing and warns of what misleads', () => {
    const asks = header.get('asks');
    if (asks !== undefined) expect(diagnosis.next.join('\n')).toContain(asks);
    const not = header.get('not');
    if (not !== undefined) expect(diagnosis.not.join('\n')).toContain(not);
    if (diagnosis.registration === 'undetermined' || diagnosis.cause === 'undetermined')
      expect(diagnosis.next).not.toEqual([]);
  });
});
