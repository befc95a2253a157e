/** The user's own tests in a matrix: what they are, where they are run, and what may be expected of them. */
import { isAbsolute, normalize } from 'node:path';
import { z } from 'zod';
import { oneOrMore, path as pathSchema, strict } from './schema-parts.ts';
import { TEST_STATES, type TestSpec } from './types.ts';

/** What a program that never ran showed cannot be expected. */
export const EXPECTABLE_STATES = TEST_STATES.filter((state) => state !== 'not-run');

/** A dot parts the name of a test from those of its own results. */
const TEST_NAME = /^[A-Za-z0-9][A-Za-z0-9_+-]{0,59}$/;
const NAME_RULE = 'must be a name of at most 60 letters, digits and _ + -';
export const TESTS_MAX = 64;

export function testNameFault(name: string): string | undefined {
  return TEST_NAME.test(name) ? undefined : NAME_RULE;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const TIMEOUT = /^([1-9][0-9]{0,5})(ms|s|m)$/;
const UNITS = { ms: 1, s: 1000, m: 60_000 } as const;
export const TIMEOUT_MAX_MS = 10 * 60_000;

/** Guest time as text, 500ms, 10s or 2m, in ms; undefined for anything else, and for more than TIMEOUT_MAX_MS. */
export function timeoutMs(text: string): number | undefined {
  const [, digits = '', unit = ''] = TIMEOUT.exec(text) ?? [];
  const ms = Number(digits) * (UNITS[unit as keyof typeof UNITS] ?? 0);
  return ms > 0 && ms <= TIMEOUT_MAX_MS ? ms : undefined;
}

/** A file that somebody else's matrix names lies beside that matrix, and nowhere else on this host. */
const ownPath = pathSchema.refine(
  (text) => !isAbsolute(text) && normalize(text).split('/')[0] !== '..',
  "must be a path within the matrix file's folder",
);
const word = z
  .string()
  .max(1000)
  .regex(/^[^\0]*$/, 'must be text');
/** A program of tools/testing/selftests that is one file. */
const SELFTEST = /^[a-z0-9_-]+(?:\/[a-z0-9_-]+)+$/i;
const SELFTEST_RULE = 'must be a selftest of the kernel, such as timers/nanosleep';
const SELFTEST_PREFIX = 'kselftest:';
const shortForm = ownPath.refine(
  (text) => !text.startsWith(SELFTEST_PREFIX) || SELFTEST.test(text.slice(SELFTEST_PREFIX.length)),
  SELFTEST_RULE,
);
const testMap = strict({
  name: z
    .string()
    .regex(TEST_NAME, NAME_RULE)
    .describe("What it is called; else the file's name.")
    .optional(),
  file: ownPath.describe('A program or a script (#!/bin/sh); relative to the matrix file.').optional(),
  folder: ownPath.describe('A folder; "run" in it is started, or what run names.').optional(),
  run: ownPath.describe('Of a folder: which file in it is started.').optional(),
  command: word.min(1).describe("A line for the guest's shell, which is busybox.").optional(),
  kselftest: z
    .string()
    .regex(SELFTEST, SELFTEST_RULE)
    .describe("One of the kernel's own selftests, built from its tree: timers/nanosleep.")
    .optional(),
  from: z
    .string()
    .describe('Of a kselftest: the kernel of this matrix whose tree has it, if not the one of the cell.')
    .optional(),
  args: z.array(word).max(100).describe('Its arguments.').optional(),
  timeout: z
    .string()
    .refine(
      (text) => timeoutMs(text) !== undefined,
      'must be a time such as 500ms, 10s or 2m, of at most 10m',
    )
    .describe('Time in the guest after which it is ended; 10s if absent.')
    .optional(),
  when: z.unknown().optional(),
});

type TestMap = z.infer<typeof testMap>;

function kindFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { file, folder, command, kselftest, from, run, args } = value as Readonly<Record<string, unknown>>;
  const kinds = Object.entries({ file, folder, command, kselftest }).filter(
    ([, given]) => given !== undefined,
  );
  if (kinds.length !== 1) return 'must have one of file, folder, command and kselftest';
  if (run !== undefined && folder === undefined) return 'run goes with folder';
  if (from !== undefined && kselftest === undefined) return 'from goes with kselftest';
  return args !== undefined && command !== undefined
    ? 'args do not go with command: write them into it'
    : undefined;
}

/** `conditions` is what `when` takes. */
export function testsSchema(conditions: z.ZodType) {
  const entry = testMap
    .extend({ when: conditions.describe('In which cells it runs; in all if absent.').optional() })
    .refine((value) => kindFault(value) === undefined, {
      error: (issue) => kindFault(issue.input),
      when: () => true,
    });
  return z
    .array(
      z.union([shortForm, entry], {
        error: 'must be a path, kselftest:NAME, or a map with file, folder, command or kselftest',
      }),
    )
    .max(TESTS_MAX)
    .describe('Tests of your own, run in the guest once it has settled: docs/tests-in-guests.md.');
}

const state = z.enum(EXPECTABLE_STATES as [string, ...string[]]);
const resultPattern = z.string().min(1).max(300);

/** Of `expect`: results by their names or globs. */
export const testsExpectation = z
  .record(resultPattern, oneOrMore(state))
  .refine((map) => Object.keys(map).length > 0, 'must name a test')
  .describe(
    'What tests must come to, by name or glob: TEST, or TEST.PART for a part of one. All must pass if absent.',
  );

/** Of `expect`: numbers that tests wrote as NAME=VALUE. */
export function numbersExpectation(bounds: z.ZodType) {
  return z
    .record(resultPattern, bounds)
    .refine((map) => Object.keys(map).length > 0, 'must name a number')
    .describe('Bounds of the numbers that tests write as NAME=VALUE, by NAME, TEST.NAME or glob.');
}

/** A name for a test that has none of its own: tests/nanosleep.sh is "nanosleep". */
export function nameFrom(path: string): string {
  const base = normalize(path).replace(/\/+$/, '').split('/').at(-1) ?? '';
  const name = base
    .replace(/\.(?:sh|bin|elf)$/, '')
    .replaceAll(/[^A-Za-z0-9_+-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 60);
  return name === '' ? 'test' : name;
}

function shortMap(text: string): TestMap {
  return text.startsWith(SELFTEST_PREFIX)
    ? { kselftest: text.slice(SELFTEST_PREFIX.length) }
    : { file: text };
}

/** A checked entry; `number` counts them from 1. */
export function testSpec(input: string | TestMap, number: number): TestSpec {
  const map: TestMap = typeof input === 'string' ? shortMap(input) : input;
  const { name, file, folder, run, command, kselftest, args, timeout } = map;
  const path = file ?? folder;
  return {
    name:
      name ?? ((path ?? kselftest) === undefined ? `command-${number}` : nameFrom(path ?? kselftest ?? '')),
    ...(path === undefined ? {} : { path }),
    ...(command === undefined ? {} : { command }),
    ...(kselftest === undefined ? {} : { selftest: kselftest }),
    ...(run === undefined ? {} : { run }),
    args: args ?? [],
    timeoutMs: (timeout === undefined ? undefined : timeoutMs(timeout)) ?? DEFAULT_TIMEOUT_MS,
  };
}
