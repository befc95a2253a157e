import { readdir, readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { loadMatrix } from '../../harness/matrix/load.ts';
import { jsonSchema } from '../../harness/matrix/schema.ts';
import { parseYaml } from '../../harness/matrix/yaml.ts';
import { HEAD } from './helpers.ts';

const root = new URL('../../', import.meta.url);
const schemaFile = new URL('schema/matrix.schema.json', root);
const matrices = (await readdir(new URL('matrices/', root))).filter((file) => file.endsWith('.yaml'));
const validate = new Ajv({ allowUnionTypes: true, formats: { date: true } }).compile(
  JSON.parse(await readFile(schemaFile, 'utf8')),
);

test('the published schema is what the code says (npm run schema writes it anew)', async () => {
  expect(JSON.parse(await readFile(schemaFile, 'utf8'))).toEqual(JSON.parse(JSON.stringify(jsonSchema())));
});

test.each(matrices)('%s is sound, for the loader and for an editor', async (file) => {
  const url = new URL(`matrices/${file}`, root);
  const text = await readFile(url, 'utf8');
  expect(text.startsWith('# yaml-language-server: $schema=../schema/matrix.schema.json\n')).toBe(true);
  expect((await loadMatrix(url.pathname)).warnings).toEqual([]);
  validate(parseYaml(text).value);
  expect(validate.errors).toBeNull();
});

test.each([
  'nme: x',
  'defaults: { hpett: on }',
  'defaults: { smp: 0 }',
  'defaults: { hpet: maybe }',
  'defaults: { memory: 1T }',
  'defaults: { topology: nestd }',
  'defaults: { ref-delay: 10 us }',
  'include: [{ ref-delay: { pn: 10us } }]',
  'axes: { personality: [xen, vmware] }',
  'expect: [{ accuracy-ppm: { mn: 5 } }]',
  'expect: [{ reads: 5 }]',
  'axes: { smp: 2 }',
  'axes: { hpte: [on] }',
  'include: [{ smp: [1, 99] }]',
  'expect: [{ registration: infra-error }]',
  'expect: [{ when: { smp: { no: 2 } }, current: tsc }]',
  'expect: [{ registration: refined, messages: { mustnot: a } }]',
])('an editor sees what is wrong with %s', (body) => {
  expect(validate(parseYaml(`${HEAD}${body}\n`).value)).toBe(false);
});

test.each(['{ image: a, deb: b }', '{}', '{ imge: a }', '{ image: a, sha256: "12" }'])(
  'an editor sees what is wrong with the kernel %s',
  (entry) => {
    expect(validate(parseYaml(`version: 1\nkernels: { k: ${entry} }\n`).value)).toBe(false);
  },
);

interface Described {
  readonly description?: string;
  readonly $ref?: string;
  readonly allOf?: readonly { readonly $ref?: string }[];
}

test('every key has a description for editors', () => {
  const schema = jsonSchema() as { readonly definitions: Readonly<Record<string, { description?: string }>> };
  // A key that is a reference has the description of what it refers to.
  const described = ({ description, $ref, allOf }: Described): boolean => {
    const reference = $ref ?? allOf?.[0]?.$ref;
    const name = reference?.replace('#/definitions/', '') ?? '';
    return (description ?? schema.definitions[name]?.description) !== undefined;
  };
  const missing: string[] = [];
  const walk = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return;
    const { properties } = node as { properties?: Record<string, Described> };
    for (const [key, value] of Object.entries(properties ?? {})) {
      if (!described(value)) missing.push(`${path}.${key}`);
    }
    for (const [key, value] of Object.entries(node)) walk(value, `${path}.${key}`);
  };
  walk(schema, '');
  expect(missing).toEqual([]);
});

test.each(['800', '1.5us', '"pm10us,hpet5us,every7+1ms"', '{ hpet: 5us, probability: 0.5, longer: 1ms }'])(
  'an editor takes the delay %s',
  (delay) => {
    validate(parseYaml(`${HEAD}axes: { ref-delay: [${delay}] }\ndefaults: { ref-delay: ${delay} }\n`).value);
    expect(validate.errors).toBeNull();
  },
);
