// Whatever a log has been through, it is read as it was, or not at all; never as something else.
import { expect, test } from 'vitest';
import { factsOf, gatherFacts } from '../../../harness/evidence/facts.ts';
import { collectLines } from '../../../harness/evidence/pasted/collect.ts';
import { readPasted } from '../../../harness/evidence/pasted/read-pasted.ts';
import { diagnose } from '../../../harness/verdict/diagnose.ts';
import { captures } from '../../verdict/capture-file.ts';
import { FORMS } from './forms.ts';

const isShell = (lines: readonly string[]): boolean =>
  lines.some((line) => line !== '' && !/^\[ *\d/.test(line));

const cases = captures().flatMap(({ path, body, header }) => {
  const text = Buffer.from(body).toString('utf8').replace(/\n$/, '');
  const lines = text.split('\n');
  // The forms are made for texts that begin their lines with the kernel's stamps, or have commands around them.
  return /^(?:consoles|eras|guests|seed|seed-kernels)/.test(path) && lines.length < 3000
    ? [{ path, lines, header }]
    : [];
});

function answer(text: string, header: ReadonlyMap<string, string>): string {
  const collector = collectLines();
  collector.push(Buffer.from(text));
  const raw = collector.end().lines;
  const { registration, cause } = diagnose({
    facts: factsOf(readPasted(raw).lines),
    available: header.get('available')?.split(' '),
    current: header.get('current'),
  });
  return `${registration} ${cause}`;
}

/** Of each text as it is, asked once. */
const plainAnswers = new Map<string, string>();

test.each(Object.keys(FORMS))('%s', (name) => {
  const wrong: string[] = [];
  let right = 0;
  let count = 0;
  for (const { path, lines, header } of cases) {
    const plain = plainAnswers.get(path) ?? answer(lines.join('\n'), header);
    plainAnswers.set(path, plain);
    // What a shell printed is in no journal.
    if (/^journal/.test(name) && isShell(lines)) continue;
    count += 1;
    const got = answer(FORMS[name]?.(lines) ?? '', header);
    if (got === plain) right += 1;
    else if (!got.includes('undetermined')) wrong.push(`${path}: ${plain} became ${got}`);
    else wrong.push(`(${path}: ${plain} became ${got})`);
  }
  expect(wrong.filter((text) => !text.startsWith('('))).toEqual([]);
  expect(right / count, wrong.join('\n')).toBeGreaterThanOrEqual(0.95);
});

test('a log as the kernel prints it reads the same as pasted text', () => {
  for (const { lines } of cases) {
    const numbered = lines.map((text, index) => ({ n: index + 1, text }));
    const [own, pasted] = [gatherFacts(numbered), factsOf(readPasted(numbered).lines)];
    expect(pasted.refined.map(({ khz }) => khz)).toEqual(own.refined.map(({ khz }) => khz));
    expect(pasted.marks.map(({ reason }) => reason)).toEqual(own.marks.map(({ reason }) => reason));
  }
});
