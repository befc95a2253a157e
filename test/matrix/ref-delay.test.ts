// The setting ref-delay in all its forms: one meaning and one text for each, and every fault with its place.
import { expect, test } from 'vitest';
import { durationNs, durationText } from '../../harness/matrix/duration.ts';
import { refDelayOf, refDelaySchema, refDelayText } from '../../harness/matrix/ref-delay.ts';
import { settingPattern } from '../../harness/matrix/settings.ts';
import type { RefDelay } from '../../harness/matrix/types.ts';
import { complaints, matrix } from './helpers.ts';

const US = 1000;
const MS = 1_000_000;

test.each([
  [0, '0'],
  [1, '1ns'],
  [999, '999ns'],
  [1000, '1us'],
  [1001, '1.001us'],
  [1500, '1.5us'],
  [31_250, '31.25us'],
  [1_000_000, '1ms'],
  [1_000_001, '1000.001us'],
  [10_500_000, '10.5ms'],
  [1_000_000_000, '1s'],
])('%i ns is written %s, and read back', (ns, text) => {
  expect(durationText(ns)).toBe(text);
  expect(durationNs(text)).toBe(ns);
});

test.each([
  ['0s', 0],
  ['0.000000001s', 1],
  ['0.5ms', 500_000],
  ['1.10us', 1100],
  ['1.0ns', 1],
  ['0.1ns', undefined],
  ['1.0001us', undefined],
])('%s is %s ns', (text, ns) => {
  expect(durationNs(text)).toBe(ns);
});

const every: RefDelay = {
  pmNs: 10 * US,
  hpetNs: 5 * US,
  disturbance: { kind: 'every', every: 7, ns: 100 * US },
};
const random: RefDelay = {
  pmNs: 0,
  hpetNs: 0,
  disturbance: { kind: 'random', probability: 0.01, seed: 1, ns: MS },
};

test.each<[string, string, RefDelay]>([
  ['0', '0', { pmNs: 0, hpetNs: 0, disturbance: null }],
  ['1s', '1s', { pmNs: 1_000_000_000, hpetNs: 1_000_000_000, disturbance: null }],
  ['800', '800ns', { pmNs: 800, hpetNs: 800, disturbance: null }],
  ['1.5us', '1.5us', { pmNs: 1500, hpetNs: 1500, disturbance: null }],
  ['{ pm: 10us, hpet: 10000 }', '10us', { pmNs: 10_000, hpetNs: 10_000, disturbance: null }],
  ['{ hpet: 5us }', 'hpet5us', { pmNs: 0, hpetNs: 5000, disturbance: null }],
  ['"hpet5us,pm0"', 'hpet5us', { pmNs: 0, hpetNs: 5000, disturbance: null }],
  ['{ pm: 10us, hpet: 5us, every: 7, longer: 100us }', 'pm10us,hpet5us,every7+100us', every],
  ['"every7+0.1ms,hpet5us,pm10us"', 'pm10us,hpet5us,every7+100us', every],
  ['{ probability: 0.01, seed: 1, longer: 1ms }', 'random0.01+1ms', random],
  ['{ probability: 1.0e-2, longer: 1000000 }', 'random0.01+1ms', random],
  [
    '"10us,random.5+1ms,seed7"',
    '10us,random0.5+1ms,seed7',
    {
      pmNs: 10_000,
      hpetNs: 10_000,
      disturbance: { kind: 'random', probability: 0.5, seed: 7, ns: MS },
    },
  ],
])('%s is the value %s, which means the same when it is read', (written, text, meant) => {
  const { base, axes } = matrix(`defaults: { ref-delay: ${written} }\naxes: { ref-delay: [${written}] }\n`);
  expect(base.refDelay).toEqual(meant);
  expect(axes.at(-1)?.values).toMatchObject([{ name: text, settings: { refDelay: meant } }]);
  expect(refDelayText(meant)).toBe(text);
  expect(refDelaySchema.safeParse(text === '0' ? 0 : text).success).toBe(true);
  expect(refDelayOf(text)).toEqual(meant);
  expect(settingPattern('ref-delay', text)).toBe(text);
});

test('what differs has different texts, down to the ns and the ninth decimal', () => {
  const values = [0, 1, 10_000, 10_001].flatMap((pmNs) =>
    [0, 10_000].flatMap((hpetNs) => [
      { pmNs, hpetNs, disturbance: null },
      ...[2, 3].map((n) => ({ pmNs, hpetNs, disturbance: { kind: 'every', every: n, ns: 5 } as const })),
      ...[0.000001, 0.000001001, 1].flatMap((probability) =>
        [0, 1].map((seed) => ({
          pmNs,
          hpetNs,
          disturbance: { kind: 'random', probability, seed, ns: 5 } as const,
        })),
      ),
    ]),
  );
  const texts = values.map(refDelayText);
  expect(new Set(texts).size).toBe(values.length);
  expect(texts.map(refDelayOf)).toEqual(values);
});

const RULE =
  'must be a number of ns, text such as 10us, pm10us,hpet5us or 10us,every7+100us, or a map; found';
test.each([
  ['10 us', '', `${RULE} "10 us"`],
  ['1.5', '', `${RULE} 1.5`],
  ['[1]', '', `${RULE} a list`],
  ['-1', '', 'must be at least 0'],
  ['1000000001', '', 'must be at most 1000000000 ns, which is 1s'],
  ['2s', '', 'must be at most 1s; found 2s'],
  ['1.5ns', '', '1.5ns is not a whole number of ns'],
  ['"10us,pm5us"', '', 'says pm twice, the second time in pm5us'],
  ['"every1+1us"', '', 'every must be at least 2'],
  ['"10us,seed3"', '', 'has a seed without a probability'],
  ['{}', '', 'delays nothing: name at least one of pm, hpet, longer'],
  ['{ pm: 1us, hpte: 2us }', '.hpte', 'unknown key "hpte" (did you mean hpet?)'],
  ['{ pm: abc }', '.pm', 'must be a number of ns, or text such as 800ns, 10us, 1.5us or 1ms; found "abc"'],
  ['{ every: 7 }', '', 'every needs longer, above 0: how much longer those reads take'],
  [
    '{ probability: 0.5, longer: 0 }',
    '',
    'probability needs longer, above 0: how much longer those reads take',
  ],
  ['{ pm: 1us, longer: 1ms }', '', 'longer needs every or probability: which reads it is for'],
  ['{ probability: 1.5, longer: 1 }', '.probability', 'must be at most 1'],
  [
    '{ every: 7, probability: 1, longer: 1 }',
    '',
    'has both every and probability: a disturbance is one or the other',
  ],
])('ref-delay: %s is refused', (written, where, complaint) => {
  expect(complaints(`defaults: { ref-delay: ${written} }\n`)).toEqual([
    `defaults.ref-delay${where}: ${complaint}`,
  ]);
});

test('two spellings of one delay in an axis are worth a warning', () => {
  expect(
    matrix('axes: { ref-delay: [10us, 10000, { pm: 10us, hpet: 10us }] }\n').warnings.map(({ path }) => path),
  ).toEqual(['axes.ref-delay[1]', 'axes.ref-delay[2]']);
});
