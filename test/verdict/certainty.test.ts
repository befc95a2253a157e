/**
 * Certainty never rises when text is taken away, put in another order, wrapped or said twice. An answer that was given
 * before is not surer than it was; another answer is certain only of what still stands in the text: that tsc is current
 * (`none`, at the end of a text that ends sooner), or a cause of which the line is there.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Confidence, strength } from '../../harness/verdict/deduction.ts';
import { diagnose } from '../../harness/verdict/diagnose.ts';
import type { Diagnosis } from '../../harness/verdict/types.ts';
import { captures, pastedFacts } from './capture-file.ts';

/** Longer ones take long and hold nothing else; a message in the middle of a sentence is not what this is about. */
const texts = captures()
  .filter(({ path }) => !path.startsWith('damaged'))
  .map(({ path, body }) => ({ path, lines: Buffer.from(body).toString('latin1').trimEnd().split(/\r?\n/) }))
  .filter(({ lines }) => lines.length <= 60)
  .map((one) => ({ ...one, whole: read(one.lines) }))
  // Without the line that contradicts it, an answer may be surer.
  .filter(({ whole }) => !/of different boots/.test(whole.summary));

function read(lines: readonly string[]): Diagnosis {
  return diagnose({ facts: pastedFacts(Buffer.from(lines.join('\n'), 'latin1')) });
}

function wrapped(line: string, width: number): string[] {
  const at = line.length <= width ? -1 : line.lastIndexOf(' ', width);
  return at < 20 ? [line] : [line.slice(0, at), ...wrapped(line.slice(at + 1), width)];
}

type Change = (lines: readonly string[]) => string[];
const some = (lines: readonly string[], picks: readonly boolean[]) => (_: string, i: number) =>
  picks[i % Math.max(1, picks.length)] === true && i < lines.length;
const picks = fc.array(fc.boolean(), { minLength: 5, maxLength: 40 });

const changes = {
  'lines taken away': picks.map(
    (p): Change =>
      (lines) =>
        lines.filter(some(lines, p)),
  ),
  'its end taken away': fc.double({ min: 0, max: 1, noNaN: true }).map(
    (part): Change =>
      (lines) =>
        lines.slice(0, Math.floor(part * lines.length)),
  ),
  'its beginning taken away': fc.double({ min: 0, max: 1, noNaN: true }).map(
    (part): Change =>
      (lines) =>
        lines.slice(Math.floor(part * lines.length)),
  ),
  'lines said twice': picks.map(
    (p): Change =>
      (lines) => {
        const twice = some(lines, p);
        return lines.flatMap((line, i) => (twice(line, i) ? [line, line] : [line]));
      },
  ),
  'lines wrapped': fc.integer({ min: 60, max: 90 }).map(
    (width): Change =>
      (lines) =>
        lines.flatMap((line) => wrapped(line, width)),
  ),
  'the last line first': fc.constant<Change>((lines) => lines.toReversed()),
  'another order': fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 60, maxLength: 60 }).map(
    (order): Change =>
      (lines) =>
        lines
          .map((line, i) => ({ line, at: order[i] ?? 0 }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ line }) => line),
  ),
} as const;

const sure = (confidence: Confidence): number => strength(confidence);

test.each(Object.entries(changes))('%s', (_, change) => {
  fc.assert(
    fc.property(fc.constantFrom(...texts), change, ({ path, lines, whole }, apply) => {
      const left = apply(lines);
      fc.pre(left.join('').trim() !== '');
      const got = read(left);
      const said = `${path}: ${got.registration}, ${got.cause}, ${got.confidence}`;
      const same = got.registration === whole.registration && got.cause === whole.cause;
      if (same) expect(sure(got.confidence), said).toBeLessThanOrEqual(sure(whole.confidence));
      else if (got.confidence === 'certain') {
        if (got.cause === 'none') expect(got.current, said).toBe('tsc');
        else expect(got.cause, said).toBe(whole.cause);
        expect(
          got.evidence.filter((e) => e.line > 0 && left.some((line) => line.includes(e.text))),
          said,
        ).not.toEqual([]);
      }
    }),
    { numRuns: 150, seed: 20_261_130 },
  );
});
