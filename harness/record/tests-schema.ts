/** What a record holds of the user's own tests, and of what was expected of them. */
import { z } from 'zod';
import { TEST_STATES } from '../matrix/types.ts';

const text = z.string();
const state = z.enum(TEST_STATES);
const cited = z.array(z.looseObject({ line: z.int().nonnegative(), text, shows: text }));

export const testsExpected = z.record(text, z.array(state));
export const numbersExpected = z.record(
  text,
  z.looseObject({ min: z.number().exactOptional(), max: z.number().exactOptional() }),
);

const treeSource = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('debian'), package: text, suite: text.exactOptional() }),
  z.looseObject({ kind: z.literal('tarball'), location: text, sha256: text.exactOptional() }),
  z.looseObject({
    kind: z.literal('srpm'),
    location: text,
    sha256: text.exactOptional(),
    prepared: z.literal(true).exactOptional(),
  }),
  z.looseObject({ kind: z.literal('git'), location: text, ref: text }),
  z.looseObject({ kind: z.literal('directory'), path: text }),
]);

export const plannedTests = z.array(
  z.looseObject({
    name: text,
    path: text.exactOptional(),
    root: text.exactOptional(),
    run: text.exactOptional(),
    command: text.exactOptional(),
    selftest: text.exactOptional(),
    tree: treeSource.exactOptional(),
    args: z.array(text),
    timeoutMs: z.number(),
  }),
);

export const testResults = z.array(
  z.looseObject({
    name: text,
    state,
    reason: text,
    ms: z.number().nullable(),
    sha256: text,
    parts: z.array(z.looseObject({ name: text, state, line: z.number() })),
    numbers: z.array(z.looseObject({ name: text, value: z.number(), line: z.number() })),
    evidence: cited,
  }),
);
