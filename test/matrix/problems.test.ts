import { expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { parseMatrix } from '../../harness/matrix/load.ts';
import { complaints, HEAD, matrix, problemsOf } from './helpers.ts';

const WRONG = `version: 2
nme: x
kernels:
  debian-6.1: { deb: "https://example.org/y.deb" }
  both: { image: a, rpm: b }
  typo: { imge: a }
  num: { image: 5, sha256: 12 }
guests:
  a: { extends: a, smp: 0 }
  c: { extends: gone, memory: 32 }
defaults: { hpett: on, machine: microvm, pmtimer: maybe }
axes:
  hpte: [on, off]
  kernel: [debian-*, nope]
  smp: 2
  lat: { slow: { smp: two } }
include:
  - { kernl: x, smp: [1, 99] }
  - { lat: sloww }
exclude:
  - { hpet: perhaps }
  - {}
expect:
  - { when: { smp: 2 } }
  - { registration: [infra-error], current: "x y", messages: { must: "/(/" } }
  - registration: refined
    registration: never
`;

test('reports everything that is wrong at once, each at its line', () => {
  const found = problemsOf(WRONG).map(({ line, path, hint }) => [line, path, hint ?? '']);
  expect(found).toEqual([
    [1, 'version', ''],
    [2, 'nme', 'did you mean name?'],
    [4, 'kernels["debian-6.1"]', ''],
    [5, 'kernels.both', ''],
    [6, 'kernels.typo.imge', 'did you mean image?'],
    [7, 'kernels.num.image', 'put it in quotes'],
    [7, 'kernels.num.sha256', 'put it in quotes'],
    [9, 'guests.a.extends', ''],
    [9, 'guests.a.smp', ''],
    [10, 'guests.c.extends', 'known: a, c'],
    [10, 'guests.c.memory', ''],
    [11, 'defaults.hpett', 'did you mean hpet?'],
    [11, 'defaults.machine', ''],
    [11, 'defaults.pmtimer', ''],
    [13, 'axes.hpte', 'did you mean hpet?'],
    [14, 'axes.kernel[1]', expect.stringContaining('known: ')],
    [15, 'axes.smp', 'write [2]'],
    [16, 'axes.lat.slow.smp', ''],
    [18, 'include[0].kernl', 'did you mean kernel?'],
    [18, 'include[0].smp[1]', ''],
    [19, 'include[1].lat', 'did you mean slow?'],
    [21, 'exclude[0].hpet', ''],
    [22, 'exclude[1]', ''],
    [24, 'expect[0]', ''],
    [25, 'expect[1].registration[0]', ''],
    [25, 'expect[1].current', ''],
    [25, 'expect[1].messages.must', ''],
    [27, '', ''],
  ]);
});

test('the message lists the problems as file:line:column: path: message', () => {
  const text = `${HEAD}defaults: { smp: 0, hpte: on }\n`;
  expect(() => parseMatrix(text, 'dir/m.yaml')).toThrow(UserError);
  expect(() => parseMatrix(text, 'dir/m.yaml')).toThrow(
    'dir/m.yaml:3:18: defaults.smp: must be at least 1\n' +
      'dir/m.yaml:3:21: defaults.hpte: unknown key "hpte" (did you mean hpet?)',
  );
});

test.each([
  ['defaults: { smp: 65 }', 'defaults.smp: must be at most 64'],
  ['defaults: { smp: 1.5 }', 'defaults.smp: must be a whole number; found 1.5'],
  ['defaults: { memory: 63M }', 'defaults.memory: must be at least 64 MiB'],
  [
    'defaults: { memory: 1T }',
    'defaults.memory: must be a number of MiB from 64, or text such as 512M or 1G; found "1T"',
  ],
  ['defaults: { append: "a\\nb" }', 'defaults.append: must be a single line'],
  ['defaults: { append: "caf\\u00e9" }', 'defaults.append: must be printable ASCII'],
  ['defaults: { append: "x tscprobe.nonce=1" }', "defaults.append: tscprobe. parameters are the probe's own"],
  [
    'defaults: { append: "quiet \\"console=tty0\\"" }',
    'defaults.append: console= is set by the harness: it reads the guest on its serial port',
  ],
  ['defaults: { append: pmtmr=0 }', 'defaults.append: pmtmr= is what the setting pmtimer is for'],
  ['defaults: { append: "a -- b" }', 'defaults.append: what follows -- is not for the kernel'],
  [
    'defaults: { topology: kwm }',
    'defaults.topology: must be one of tcg, kvm, nested, auto; found "kwm" (did you mean kvm?)',
  ],
  [
    'defaults: { personality: zen }',
    'defaults.personality: must be one of kvm, xen, hyperv, none; found "zen" (did you mean xen?)',
  ],
  ['defaults: { qemu: qemu }', 'defaults.qemu: must be one of pinned, system; found "qemu"'],
  ['expect: [{ accuracy-ppm: { min: 5, max: 2 } }]', 'expect[0].accuracy-ppm: min 5 is more than max 2'],
  ['expect: [{ accuracy-ppm: 0 }]', 'expect[0].accuracy-ppm: must be more than 0'],
  ['expect: [{ reads: {} }]', 'expect[0].reads: must have min, max or both'],
  ['expect: [{ reads: 5 }]', 'expect[0].reads: must be a map; found 5'],
  ['axes: { cell: { a: {} } }', 'axes.cell: cell has a meaning of its own: choose another name'],
  ['axes: { hpet: [] }', 'axes.hpet: must not be an empty list'],
  ['axes: { lat: {} }', 'axes.lat: must have at least one value'],
  ['axes: { lat: { a: } }', 'axes.lat.a: must be a map; found nothing (write {} for none)'],
  [
    'include: [{ lat: a }]',
    'include[0].lat: unknown axis "lat" (known: kernel, guest, topology, clock, cpu, tsc-frequency, hpet, pmtimer, smp, memory, machine, personality, ref-delay, emulator, probe, trace and 1 more)',
  ],
  [
    'expect: [{ when: { kernel: "c-*" }, current: tsc }]',
    'expect[0].when.kernel: no kernel matches c-* (known: a-1, a-2, b-1)',
  ],
  [
    'expect: [{ when: { smp: { not: [1, 99] } }, current: tsc }]',
    'expect[0].when.smp.not[1]: must be at most 64',
  ],
])('%s', (body, complaint) => {
  expect(complaints(`${body}\n`)).toEqual([complaint]);
});

test.each([
  ['{ image: a, deb: b }', 'has more than one source (image, deb): keep one'],
  ['{}', 'must name its source: one of image, deb, rpm, debian, source'],
  ['{ image: a, suite: trixie }', 'suite does not go with image'],
  [`{ debian: linux, sha256: "${'a'.repeat(64)}" }`, 'sha256 does not go with debian'],
  ['{ image: "http://example.org/k" }', 'must be a path; only deb and rpm may be URLs'],
  [
    `{ deb: "ftp://example.org/k.deb", sha256: "${'a'.repeat(64)}" }`,
    'must be a path or an http or https URL',
  ],
  ['{ rpm: "https://example.org/k.rpm" }', 'a URL needs a sha256, so that it is the same kernel every time'],
  ['{ image: "" }', 'must not be empty'],
])('refuses the kernel %s', (entry, message) => {
  expect(problemsOf(`version: 1\nkernels: { k: ${entry} }\n`).map((problem) => problem.message)).toContain(
    message,
  );
});

test.each(['a..b', '.a', 'a/b', 'a b', 'a.', '-a', 'a=b', 'x'.repeat(61)])(
  'refuses the kernel name %j',
  (name) => {
    expect(problemsOf(`version: 1\nkernels: { "${name}": { image: x } }\n`)).toHaveLength(1);
  },
);

test('a matrix that lacks its required keys says so', () => {
  expect(problemsOf('name: x\n').map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'version: is missing',
    'kernels: is missing',
  ]);
});

test('the wrong settings of a preset are reported where the preset is written, not where it is merged', () => {
  const text = `${HEAD}guests:\n  a: &a { smp: 0 }\n  b: { <<: *a, hpet: off }\n`;
  expect(problemsOf(text).map(({ line }) => line)).toEqual([4, 4]);
});

test('values listed twice are worth a warning, also in two spellings', () => {
  expect(
    matrix('axes: { hpet: [on, yes, off], memory: [1G, 1024] }\n').warnings.map(({ path }) => path),
  ).toEqual(['axes.hpet[1]', 'axes.memory[1]']);
});
