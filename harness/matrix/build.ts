/** A checked matrix file as a Matrix: presets resolved, globs over names expanded, defaults applied. */
import { dirname } from 'node:path';
import { globTest } from '../base/glob.ts';
import { kernelSource } from './kernel-schema.ts';
import type { ProblemList } from './problems.ts';
import type { MatrixInput } from './schema.ts';
import {
  canonicalSettings,
  DEFAULT_GUEST,
  isSetting,
  settingOf,
  settingPattern,
  settingText,
} from './settings.ts';
import { testSpec } from './test-rows.ts';
import type {
  Axis,
  AxisValue,
  Bounds,
  ClockExpectation,
  Condition,
  ExpectRule,
  GuestSpec,
  Include,
  Matrix,
  TestRule,
} from './types.ts';
import type { KeyPath } from './yaml.ts';

type Presets = Readonly<Record<string, Partial<GuestSpec>>>;
type Raw = Readonly<Record<string, unknown>>;

/** What the parts of a matrix are built with. */
interface Context {
  readonly kernels: readonly string[];
  readonly presets: Presets;
  readonly customAxes: Readonly<Record<string, Readonly<Record<string, Partial<GuestSpec>>>>>;
  readonly findings: ProblemList;
}

/** `input` must have passed the schema and checkNames(). `path` is the matrix file's absolute path. */
export function buildMatrix(input: MatrixInput, path: string, sha256: string, findings: ProblemList): Matrix {
  const kernels = Object.entries(input.kernels).map(([name, entry]) => ({
    name,
    source: kernelSource(entry, dirname(path)),
  }));
  const axesInput: Raw = input.axes ?? {};
  const custom = Object.entries(axesInput).filter(
    ([name]) => name !== 'kernel' && name !== 'guest' && !isSetting(name),
  );
  const context: Context = {
    kernels: kernels.map(({ name }) => name),
    presets: resolvePresets(input.guests ?? {}),
    customAxes: Object.fromEntries(custom.map(([name, values]) => [name, customValues(values)])),
    findings,
  };
  const axes = withKernelAxis(buildAxes(axesInput, ['axes'], context), context.kernels, findings);
  return {
    name: input.name ?? fileStem(path),
    path,
    sha256,
    kernels,
    base: { ...DEFAULT_GUEST, ...canonicalSettings(input.defaults ?? {}) },
    axes,
    includes: (input.include ?? []).map((entry, index) => buildInclude(entry, index, axes, context)),
    excludes: (input.exclude ?? []).map((entry, index) => ({
      when: buildConditions(entry),
      place: findings.place(['exclude', index]),
    })),
    rules: (input.expect ?? []).map((entry, index) => buildRule(entry, index, findings)),
    ...(input.tests === undefined ? {} : { tests: buildTests(input.tests, findings) }),
    ...(input.exhibit === undefined ? {} : { exhibit: input.exhibit }),
    warnings: findings.warnings,
  };
}

function fileStem(path: string): string {
  const file = path.slice(dirname(path).length).replace(/^[/\\]/, '');
  return file.replace(/\.ya?ml$/i, '');
}

function resolvePresets(presets: Readonly<Record<string, Raw>>): Presets {
  const resolve = (name: string): Partial<GuestSpec> => {
    const own = presets[name] ?? {};
    const base = typeof own.extends === 'string' ? resolve(own.extends) : {};
    return { ...base, ...canonicalSettings(own) };
  };
  return Object.fromEntries(Object.keys(presets).map((name) => [name, resolve(name)]));
}

function customValues(values: unknown): Readonly<Record<string, Partial<GuestSpec>>> {
  const entries = Object.entries(values as Readonly<Record<string, Raw>>);
  return Object.fromEntries(entries.map(([name, settings]) => [name, canonicalSettings(settings)]));
}

function buildAxes(input: Raw, path: KeyPath, context: Context): Axis[] {
  return Object.entries(input)
    .filter(([, values]) => values !== undefined)
    .map(([name, values]) => ({ name, values: buildValues(name, values, [...path, name], context) }));
}

/** The values of one axis, from a list, a single value, or the map that defines an own axis; each once. */
function buildValues(name: string, input: unknown, path: KeyPath, context: Context): AxisValue[] {
  const values = new Map<string, AxisValue>();
  const isMap = typeof input === 'object' && input !== null && !Array.isArray(input);
  const isDefinition = isMap && !isSetting(name);
  const steps: (string | number)[] = isDefinition
    ? Object.keys(input)
    : Array.isArray(input)
      ? [...input.keys()]
      : [];
  const parts = isDefinition ? Object.keys(input) : Array.isArray(input) ? input : [input];
  for (const [index, raw] of parts.entries()) {
    const step = steps[index];
    const place = context.findings.place(
      step === undefined ? path : [...path, step],
      isDefinition ? 'key' : 'value',
    );
    for (const [text, settings] of valuesOf(name, raw, context)) {
      if (!values.has(text)) values.set(text, { name: text, settings, place });
    }
  }
  return [...values.values()];
}

/** What one written value of an axis stands for: a setting, or every name that it matches. */
function valuesOf(name: string, raw: unknown, context: Context): [string, Partial<GuestSpec>][] {
  if (isSetting(name)) {
    const settings = canonicalSettings({ [name]: raw });
    return [[settingText(settings[settingOf(name).field] ?? ''), settings]];
  }
  const matches = globTest(String(raw));
  if (name === 'kernel') return context.kernels.filter(matches).map((kernel) => [kernel, {}]);
  const definitions = name === 'guest' ? context.presets : (context.customAxes[name] ?? {});
  return Object.entries(definitions).filter(([key]) => matches(key));
}

function withKernelAxis(
  axes: readonly Axis[],
  kernels: readonly string[],
  findings: ProblemList,
): readonly Axis[] {
  if (axes.some(({ name }) => name === 'kernel')) return axes;
  const values = kernels.map((name) => ({
    name,
    settings: {},
    place: findings.place(['kernels', name], 'key'),
  }));
  return [{ name: 'kernel', values }, ...axes];
}

function buildInclude(input: Raw, index: number, axes: readonly Axis[], context: Context): Include {
  const path = ['include', index];
  const own = buildAxes(input, path, context);
  const place = context.findings.place(path);
  if (own.some(({ name }) => name === 'kernel')) return { axes: own, place };
  const kernel = axes.filter(({ name }) => name === 'kernel');
  return { axes: [...kernel, ...own], place };
}

function buildConditions(input: Raw): Condition[] {
  return Object.entries(input).map(([key, raw]) => {
    const not = typeof raw === 'object' && raw !== null && !Array.isArray(raw);
    const inner = not ? (raw as { readonly not: unknown }).not : raw;
    const values: readonly unknown[] = Array.isArray(inner) ? inner : [inner];
    const patterns = values.map((value) =>
      isSetting(key) ? (settingPattern(key, value) ?? '') : String(value),
    );
    return { key, not, patterns };
  });
}

function buildTests(input: NonNullable<MatrixInput['tests']>, findings: ProblemList): TestRule[] {
  return input.map((entry, index) => ({
    spec: testSpec(entry, index + 1),
    ...(typeof entry === 'string' || entry.from === undefined ? {} : { from: entry.from }),
    when: buildConditions((typeof entry === 'string' ? {} : (entry.when ?? {})) as Raw),
    place: findings.place(['tests', index]),
  }));
}

type RuleInput = NonNullable<MatrixInput['expect']>[number];

function buildRule(input: RuleInput, index: number, findings: ProblemList): ExpectRule {
  const { messages, reads } = input;
  const accuracy = input['accuracy-ppm'];
  const { min: offByPpm, max: accuracyPpm } = ppmBounds(accuracy);
  return {
    when: buildConditions((input.when ?? {}) as Raw),
    ...(input.registration === undefined
      ? {}
      : { registration: texts(input.registration) as NonNullable<ExpectRule['registration']> }),
    ...(input.current === undefined ? {} : { current: texts(input.current) }),
    ...(accuracyPpm === undefined ? {} : { accuracyPpm }),
    ...(offByPpm === undefined ? {} : { offByPpm }),
    ...(reads === undefined ? {} : { reads: { ...reads } as Bounds }),
    ...(input.clock === undefined ? {} : { clock: clockExpectation(input.clock) }),
    ...(messages?.must === undefined ? {} : { must: texts(messages.must) }),
    ...(messages?.['must-not'] === undefined ? {} : { mustNot: texts(messages['must-not']) }),
    ...(input.tests === undefined
      ? {}
      : {
          tests: Object.fromEntries(
            Object.entries(input.tests).map(([name, states]) => [name, texts(states)]),
          ) as NonNullable<ExpectRule['tests']>,
        }),
    ...(input.numbers === undefined ? {} : { numbers: input.numbers as NonNullable<ExpectRule['numbers']> }),
    ...(input.reason === undefined
      ? {}
      : {
          known: {
            reason: input.reason,
            ...(input.url === undefined ? {} : { url: input.url }),
            ...(input.until === undefined ? {} : { until: input.until }),
          },
        }),
    from: `expect[${index}]`,
    place: findings.place(['expect', index]),
  };
}

function ppmBounds(value: number | object | undefined): Bounds {
  return typeof value === 'number' ? { max: value } : { ...value };
}

function clockExpectation({ 'rate-ppm': rate, ...rest }: NonNullable<RuleInput['clock']>): ClockExpectation {
  return { ...rest, ...(rate === undefined ? {} : { ratePpm: ppmBounds(rate) }) } as ClockExpectation;
}

function texts(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]) as readonly string[];
}
