/** The setting `ref-delay`: what is added to reads of the reference counters, as a number, as text, or as a map. */

import { z } from 'zod';
import { DURATION, DURATION_MAX_NS, durationFault, durationNs, durationText } from './duration.ts';
import { refused } from './names.ts';
import { strict } from './schema-parts.ts';

/**
 * What is added to each of the guest's reads of a reference counter, outside the guest, in ns of the clock that the
 * machine under it has. A disturbance makes some reads longer: every Nth, or each with a probability, drawn from a seed.
 */
export interface RefDelay {
  readonly pmNs: number;
  readonly hpetNs: number;
  readonly disturbance: Disturbance | null;
}

export type Disturbance =
  /** Reads `every`, 2 * `every`, ... of each counter take `ns` longer. */
  | { readonly kind: 'every'; readonly every: number; readonly ns: number }
  | { readonly kind: 'random'; readonly probability: number; readonly seed: number; readonly ns: number };

export const NO_DELAY: RefDelay = { pmNs: 0, hpetNs: 0, disturbance: null };

const DEFAULT_SEED = 1;
const EVERY_MAX = 1_000_000;
const PROBABILITY_MIN = 0.000_001;
const SEED_MAX = 2 ** 32 - 1;
const EXAMPLES = '10us, pm10us,hpet5us or 10us,every7+100us';

const DURATION_RULE = 'must be a number of ns, or text such as 800ns, 10us, 1.5us or 1ms';
const duration = z.union(
  [
    z.int().min(0).max(DURATION_MAX_NS, `must be at most ${DURATION_MAX_NS} ns, which is 1s`),
    z
      .string()
      .regex(new RegExp(`^${DURATION}$`), DURATION_RULE)
      .check(refused(durationFault)),
  ],
  { error: DURATION_RULE },
);
type DurationInput = z.infer<typeof duration>;

/** What the text says, and what the map is: both come to the same. */
interface Parts {
  readonly pm?: DurationInput | undefined;
  readonly hpet?: DurationInput | undefined;
  readonly every?: number | undefined;
  readonly probability?: number | undefined;
  readonly seed?: number | undefined;
  readonly longer?: DurationInput | undefined;
}

const map = strict({
  pm: duration.describe('Added to each read of the ACPI PM timer.').optional(),
  hpet: duration.describe('Added to each read of the HPET.').optional(),
  every: z.int().min(2).max(EVERY_MAX).describe('Every Nth read of a counter is longer.').optional(),
  probability: z
    .number()
    .min(PROBABILITY_MIN)
    .max(1)
    .describe('How likely each read is to be longer, up to 1.')
    .optional(),
  seed: z
    .int()
    .min(0)
    .max(SEED_MAX)
    .describe('What the random reads are drawn from: the same seed, the same reads.')
    .optional(),
  longer: duration.describe('What such a read takes beyond the others.').optional(),
})
  .refine((value) => partsFault(value) === undefined, {
    error: (issue) => partsFault(issue.input as Parts),
    when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value),
  })
  .meta({
    description:
      'Delays of the counters apart, with a disturbance: every and longer, or probability and longer.',
  });

/** Which parts do not go together, or undefined. */
function partsFault({ pm, hpet, every, probability, seed, longer }: Parts): string | undefined {
  if (every !== undefined && probability !== undefined)
    return 'has both every and probability: a disturbance is one or the other';
  if (seed !== undefined && probability === undefined) return 'has a seed without a probability';
  const when = every === undefined ? 'probability' : 'every';
  if ((every ?? probability) !== undefined && (longer === undefined || durationNs(longer) === 0))
    return `${when} needs longer, above 0: how much longer those reads take`;
  if (longer !== undefined && (every ?? probability) === undefined)
    return 'longer needs every or probability: which reads it is for';
  return (pm ?? hpet ?? longer) === undefined
    ? `delays nothing: name at least one of pm, hpet, longer`
    : undefined;
}

const TERM = `(?:(?:pm|hpet)?${DURATION}|every[0-9]{1,7}\\+${DURATION}|random(?:0?\\.[0-9]{1,9}|1)\\+${DURATION}|seed[0-9]{1,10})`;
const TEXT = new RegExp(`^${TERM}(?:,${TERM})*$`);
const TEXT_RULE = `must be a number of ns, text such as ${EXAMPLES}, or a map`;

/** The parts of a text of the form TEXT, or what is wrong with it. */
function partsOf(text: string): Parts | { readonly fault: string } {
  const parts: Record<string, string | number> = {};
  for (const term of text.split(',')) {
    const [, word = '', number = '', plus = ''] = /^([a-z]*)([0-9.]+[a-z]*)(?:\+(.+))?$/.exec(term) ?? [];
    const terms: Parts = termParts(word, number, plus);
    const twice = Object.keys(terms).find((key) => key in parts);
    if (twice !== undefined) return { fault: `says ${twice} twice, the second time in ${term}` };
    Object.assign(parts, terms);
  }
  return parts;
}

function termParts(word: string, number: string, plus: string): Parts {
  if (word === 'pm') return { pm: number };
  if (word === 'hpet') return { hpet: number };
  if (word === 'every') return { every: Number(number), longer: plus };
  if (word === 'random') return { probability: Number(number), longer: plus };
  return word === 'seed' ? { seed: Number(number) } : { pm: number, hpet: number };
}

/** The same rules for a text as for a map. */
function textFault(text: string): string | undefined {
  if (!TEXT.test(text)) return undefined;
  const parts = partsOf(text);
  if ('fault' in parts) return parts.fault;
  const [issue] = map.safeParse(parts).error?.issues ?? [];
  if (issue?.code === 'too_small') return `${issue.path.join('.')} must be at least ${issue.minimum}`;
  if (issue?.code === 'too_big') return `${issue.path.join('.')} must be at most ${issue.maximum}`;
  return issue?.message;
}

export const refDelaySchema = z
  .union(
    [
      z.int().min(0).max(DURATION_MAX_NS, `must be at most ${DURATION_MAX_NS} ns, which is 1s`),
      z.string().max(100).regex(TEXT, TEXT_RULE).check(refused(textFault)),
      map,
    ],
    { error: TEXT_RULE },
  )
  .meta({
    id: 'refDelay',
    description: `Added to each of the guest's reads of a reference counter, 0 to 1s: a number of ns, text such as ${EXAMPLES}, or a map.`,
  });

/** As a record holds it. */
export const refDelayHeld: z.ZodType<RefDelay> = z.looseObject({
  pmNs: z.int().nonnegative(),
  hpetNs: z.int().nonnegative(),
  disturbance: z
    .discriminatedUnion('kind', [
      z.looseObject({
        kind: z.literal('every'),
        every: z.int().nonnegative(),
        ns: z.int().nonnegative(),
      }),
      z.looseObject({
        kind: z.literal('random'),
        probability: z.number(),
        seed: z.int().nonnegative(),
        ns: z.int().nonnegative(),
      }),
    ])
    .nullable(),
});

/** What a value that the schema accepts means. */
export function refDelayOf(raw: unknown): RefDelay {
  if (typeof raw === 'number') return { pmNs: raw, hpetNs: raw, disturbance: null };
  const parts = (typeof raw === 'string' ? partsOf(raw) : raw) as Parts;
  return {
    pmNs: durationNs(parts.pm ?? 0) ?? 0,
    hpetNs: durationNs(parts.hpet ?? 0) ?? 0,
    disturbance: disturbanceOf(parts),
  };
}

function disturbanceOf({ every, probability, seed, longer }: Parts): Disturbance | null {
  const ns = durationNs(longer ?? 0) ?? 0;
  if (every !== undefined) return { kind: 'every', every, ns };
  if (probability === undefined) return null;
  // As many decimals as the text has, so that what differs has another text.
  return { kind: 'random', probability: Number(decimal(probability)), seed: seed ?? DEFAULT_SEED, ns };
}

/** The one text of a delay: what is 0 or the default is left out, and reading it gives the same delay. */
export function refDelayText({ pmNs, hpetNs, disturbance }: RefDelay): string {
  const terms =
    pmNs === hpetNs
      ? [pmNs === 0 ? '' : durationText(pmNs)]
      : [pmNs === 0 ? '' : `pm${durationText(pmNs)}`, hpetNs === 0 ? '' : `hpet${durationText(hpetNs)}`];
  if (disturbance?.kind === 'every') terms.push(`every${disturbance.every}+${durationText(disturbance.ns)}`);
  if (disturbance?.kind === 'random') {
    terms.push(`random${decimal(disturbance.probability)}+${durationText(disturbance.ns)}`);
    if (disturbance.seed !== DEFAULT_SEED) terms.push(`seed${disturbance.seed}`);
  }
  return terms.filter((term) => term !== '').join(',') || '0';
}

/** Without an exponent, which String() gives below 0.000001; at most nine decimals tell. */
function decimal(value: number): string {
  return value.toFixed(9).replace(/\.?0+$/, '');
}
