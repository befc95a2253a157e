/** What a record holds of the clock that programs got, and of what was expected of it. */
import { z } from 'zod';

const text = z.string();
const bounds = z.looseObject({ min: z.number().exactOptional(), max: z.number().exactOptional() });

export const clockExpectation = z.looseObject({
  vdso: z.boolean().exactOptional(),
  ns: bounds.exactOptional(),
  warp: z.literal('none').exactOptional(),
  ratePpm: bounds.exactOptional(),
});

export const clockFacts = z.looseObject({
  source: text,
  calls: z.array(
    z.looseObject({
      source: text,
      clock: z.enum(['MONOTONIC', 'REALTIME', 'MONOTONIC_RAW']),
      vdso: z.boolean().nullable(),
      ns: z.number(),
      minNs: z.number(),
    }),
  ),
  order: z.array(
    z.looseObject({
      cpus: text,
      pairs: z.number(),
      back: z.number(),
      worstNs: z.number(),
      stepNs: z.number().nullable(),
    }),
  ),
  resolutionNs: z.number().nullable(),
  rates: z.array(z.looseObject({ source: text, ppm: z.number(), withinPpm: z.number(), overS: z.number() })),
  changes: z.array(
    z.looseObject({
      from: text,
      to: text,
      by: z.enum(['kernel', 'hand']),
      jumpNs: z.number().nullable(),
      withinNs: z.number().nullable(),
    }),
  ),
});
