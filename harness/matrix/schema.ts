/** The form of a matrix file. Also the source of schema/matrix.schema.json: descriptions show up in editors. */
import { z } from 'zod';
import { UserError } from '../base/errors.ts';
import { messagePattern } from '../base/message-pattern.ts';
import { exhibitSchema } from './exhibit.ts';
import { kernelSchema } from './kernel-schema.ts';
import { NAME, NAME_LENGTH, NAME_RULE } from './names.ts';
import { oneOrMore, strict } from './schema-parts.ts';
import { SETTING_KEYS, type SettingKey, settingName, settingOf } from './settings.ts';
import { numbersExpectation, testsExpectation, testsSchema } from './test-rows.ts';
import { type Bounds, EXPECTABLE } from './types.ts';

const name = z.string().max(NAME_LENGTH).regex(NAME, NAME_RULE);
const nameOrGlob = z
  .string()
  .max(NAME_LENGTH)
  .regex(/^[A-Za-z0-9._+*?-]+$/, `${NAME_RULE}; * and ? are wild`);

type SettingShape = { [key in SettingKey]: z.ZodOptional<z.ZodType> };
function settingShape(wrap: (schema: z.ZodType, description: string) => z.ZodType): SettingShape {
  const entries = SETTING_KEYS.map((key) => {
    const { schema } = settingOf(key);
    const wrapped = wrap(schema, schema.description ?? '').optional();
    const name = settingName(key);
    return [key, name === key ? wrapped : wrapped.meta({ description: `Now ${name}.`, deprecated: true })];
  });
  return Object.fromEntries(entries) as SettingShape;
}

const settings = strict(settingShape((schema) => schema)).meta({
  id: 'settings',
  description: 'Guest settings; those not named keep their defaults.',
});

const preset = strict({
  extends: name.describe('The preset that this one starts from.').optional(),
  ...settingShape((schema) => schema),
}).meta({ id: 'preset', description: 'Guest settings under a name.' });

const customAxis = z
  .record(name, settings, { error: 'must be a map of value names to guest settings' })
  .refine((values) => Object.keys(values).length > 0, 'must have at least one value')
  .meta({ id: 'customAxis', description: 'An axis of your own: each value name stands for guest settings.' });

const axes = z
  .strictObject({
    kernel: z
      .array(nameOrGlob)
      .min(1)
      .describe('Kernel names or globs such as debian-*; all kernels if absent.')
      .optional(),
    guest: z.array(nameOrGlob).min(1).describe('Names of presets from guests.').optional(),
    ...settingShape((schema, description) =>
      z.array(schema).min(1).describe(`A list of values. ${description}`),
    ),
  })
  .catchall(customAxis)
  .describe('What is varied: every combination of these values is a cell.');

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'must be text, a number, on or off' });
const scalars = oneOrMore(scalar);
const condition = z
  .union([scalar, z.array(scalar).min(1), strict({ not: scalars.describe('None of these.') })], {
    error: 'must be a value, a list of values, or {not: value}',
  })
  .meta({ id: 'condition', description: 'A value, a list (any of them), globs, or {not: ...}.' });
const conditions = z.record(name, condition).meta({
  id: 'conditions',
  description: 'All must hold: kernel, guest, a guest setting, or an axis of your own.',
});

const include = z
  .strictObject({
    kernel: oneOrMore(nameOrGlob).describe('Kernel names or globs; the kernel axis if absent.').optional(),
    guest: oneOrMore(nameOrGlob).describe('Names of presets.').optional(),
    ...settingShape((schema, description) => oneOrMore(schema).describe(description)),
  })
  .catchall(scalars)
  .describe('Extra cells: every combination of what is named here; the rest keeps its defaults.');

const verdict = z.enum(EXPECTABLE as [string, ...string[]]);
const clocksource = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,40}$/, 'must be the name of a clocksource, such as tsc or kvm-clock');
const message = z
  .string()
  .min(1)
  .max(500)
  .refine((text) => wrongPattern(text) === undefined, { error: ({ input }) => wrongPattern(String(input)) });
const messages = strict({
  must: oneOrMore(message).describe('Texts, or /regular expressions/, that the log must hold.').optional(),
  'must-not': oneOrMore(message)
    .describe('Texts, or /regular expressions/, that the log must not hold.')
    .optional(),
});

/** Why a text between slashes is no regular expression; undefined for one that is, and for other texts. */
function wrongPattern(text: string): string | undefined {
  try {
    messagePattern(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${error.message} (${error.hint})`;
  }
}

const ppm = z.number().positive().max(1_000_000);

/** {min, max}, of which one may be absent. */
function bounds(value: z.ZodNumber | z.ZodInt) {
  return strict({
    min: value.describe('At least.').optional(),
    max: value.describe('At most.').optional(),
  }).refine((given) => boundsFault(given) === undefined, {
    error: (issue) => boundsFault(issue.input as Bounds),
    when: ({ value: given }) => typeof given === 'object' && given !== null && !Array.isArray(given),
  });
}

function boundsFault({ min, max }: { [key in keyof Bounds]: Bounds[key] | undefined }): string | undefined {
  if (min === undefined && max === undefined) return 'must have min, max or both';
  return min !== undefined && max !== undefined && min > max
    ? `min ${min} is more than max ${max}`
    : undefined;
}

const ppmOrBounds = z.union([ppm, bounds(ppm)], {
  error: 'must be a number of ppm, or {min: PPM, max: PPM}',
});
const clock = strict({
  vdso: z
    .boolean()
    .describe('Whether the clocks are read in the vDSO, without entering the kernel.')
    .optional(),
  ns: bounds(z.number().min(0).max(1e12)).describe('What a call takes, in ns: {min: N, max: N}.').optional(),
  warp: z.literal('none').describe('none: the clock never goes back, on one CPU or across them.').optional(),
  'rate-ppm': ppmOrBounds
    .describe('How far the clock may run from the true time, in ppm; with min, how far it must.')
    .optional(),
}).refine((given) => !(given instanceof Object) || Object.keys(given).length > 0, {
  error: 'must have vdso, ns, warp or rate-ppm',
  when: () => true,
});

const expectShape = {
  registration: oneOrMore(verdict).describe('The verdict, or any of several.').optional(),
  current: oneOrMore(clocksource).describe('The current clocksource, or any of several.').optional(),
  'accuracy-ppm': ppmOrBounds
    .describe(
      'How far the frequency that the kernel settled on may be from the true one, in ppm; with min, how far it must be.',
    )
    .optional(),
  reads: bounds(z.int().min(0).max(1_000_000_000))
    .describe('How often the guest must have read its reference counters: {min: N, max: N}. Not under tcg.')
    .optional(),
  clock: clock.describe('What the clock that programs get must be.').optional(),
  messages: messages.describe('What the kernel log must and must not hold.').optional(),
  tests: testsExpectation.optional(),
  numbers: numbersExpectation(bounds(z.number())).optional(),
};
const knownShape = {
  reason: z
    .string()
    .regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u, 'must be one line of at most 200 characters')
    .describe('Why it is so: the rule is of a known issue. Its cells are as expected while they show it.')
    .optional(),
  url: z
    .string()
    .regex(/^https?:\/\/[\x21-\x7e]{1,500}$/, 'must be an address that begins with https:// or http://')
    .describe('Where the known issue is tracked.')
    .optional(),
  until: z.iso
    .date('must be a day such as 2026-12-31')
    .describe('The last day that the known issue is put up with (UTC).')
    .optional(),
};
const rule = strict({
  when: conditions.describe('Which cells; all if absent. Every condition must hold.').optional(),
  ...expectShape,
  ...knownShape,
})
  .refine((value) => !(value instanceof Object) || Object.keys(value).some((key) => key in expectShape), {
    error: `expects nothing: name at least one of ${Object.keys(expectShape).join(', ')}`,
    when: () => true,
  })
  .refine(({ reason, url, until }) => reason !== undefined || (url ?? until) === undefined, {
    error: 'url and until are of a known issue, which needs its reason',
  })
  .meta({ id: 'expectRule', description: 'What cells that meet the conditions are expected to show.' });

export const matrixSchema = strict({
  version: z
    .literal(1, { error: 'must be 1, the version of this language' })
    .describe('The version of this language: 1.'),
  name: z
    .string()
    .regex(/^[\x20-\x7e]{1,80}$/, 'must be at most 80 printable ASCII characters')
    .describe("What the matrix is called in reports; the file's name if absent.")
    .optional(),
  kernels: z
    .record(name, kernelSchema)
    .refine((kernels) => Object.keys(kernels).length > 0, 'must name at least one kernel')
    .describe('The kernels, by name.'),
  exhibit: exhibitSchema.optional(),
  guests: z.record(name, preset).describe('Presets of guest settings, by name.').optional(),
  defaults: settings.describe('Guest settings of all cells, if no axis sets them.').optional(),
  axes: axes.optional(),
  include: z.array(include).describe('Extra cells.').optional(),
  exclude: z.array(conditions).describe('Combinations to leave out.').optional(),
  tests: testsSchema(conditions).optional(),
  expect: z
    .array(rule)
    .describe('What is expected. All rules apply in order; a later one overrides the keys that it names.')
    .optional(),
}).meta({
  title: 'tscmatrix matrix',
  description: 'Kernels x guests to boot, and what is expected of them.',
});

export type MatrixInput = z.infer<typeof matrixSchema>;

/** The schema for editors, as it is published in schema/matrix.schema.json. */
export function jsonSchema(): object {
  // Draft 7 is what the YAML language servers of editors know best.
  return z.toJSONSchema(matrixSchema, { target: 'draft-7', io: 'input' });
}
