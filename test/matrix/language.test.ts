import { expect, test } from 'vitest';
import { DEFAULT_GUEST, settingPattern } from '../../harness/matrix/settings.ts';
import { matrix } from './helpers.ts';

function valuesOf(body: string, axis: string): unknown[] {
  return (
    matrix(body)
      .axes.find(({ name }) => name === axis)
      ?.values.map(({ name, settings }) => [name, settings]) ?? []
  );
}

test.each(['on', 'yes', 'true', 'True'])(
  '%s switches on, and so does its text in quotes where YAML leaves it text',
  (word) => {
    expect(matrix(`defaults: { hpet: ${word} }\n`).base.hpet).toBe(true);
  },
);

test.each(['off', 'no', 'false'])('%s switches off', (word) => {
  expect(matrix(`defaults: { hpet: ${word}, pmtimer: ${word} }\n`).base).toEqual({
    ...DEFAULT_GUEST,
    hpet: false,
    pmtimer: false,
  });
});

test('memory is MiB, however it is written', () => {
  expect(valuesOf('axes: { memory: [256, 512M, 2G] }\n', 'memory')).toEqual([
    ['256', { memoryMiB: 256 }],
    ['512', { memoryMiB: 512 }],
    ['2048', { memoryMiB: 2048 }],
  ]);
});

test('a CPU may be text or a model with flags', () => {
  expect(
    valuesOf('axes: { cpu: ["max,+invtsc", { model: EPYC, flags: [-svm, vendor=x] }, qemu64] }\n', 'cpu'),
  ).toEqual([
    ['max,+invtsc', { cpu: 'max,+invtsc' }],
    ['EPYC,-svm,vendor=x', { cpu: 'EPYC,-svm,vendor=x' }],
    ['qemu64', { cpu: 'qemu64' }],
  ]);
});

test('pc and q35 are pinned to a version', () => {
  expect(
    valuesOf('axes: { machine: [pc, q35, pc-q35-10.0] }\n', 'machine').map((value) => (value as string[])[0]),
  ).toEqual(['pc-i440fx-7.2', 'pc-q35-7.2', 'pc-q35-10.0']);
});

test('a preset starts from the one that it extends', () => {
  const body =
    'guests: { c: { extends: b, smp: 3 }, b: { extends: a, hpet: on }, a: { hpet: off, smp: 2, append: notsc } }\naxes: { guest: [c] }\n';
  expect(valuesOf(body, 'guest')).toEqual([['c', { hpet: true, smp: 3, append: 'notsc' }]]);
});

test('the kernel axis takes globs, and is all kernels where it is absent', () => {
  expect(valuesOf('axes: { kernel: ["a-*"] }\n', 'kernel')).toEqual([
    ['a-1', {}],
    ['a-2', {}],
  ]);
  expect(valuesOf('', 'kernel')).toHaveLength(3);
});

test('an axis of any other name stands for settings', () => {
  expect(valuesOf('axes: { cmdline: { plain: {}, notsc: { append: notsc, smp: 2 } } }\n', 'cmdline')).toEqual(
    [
      ['plain', {}],
      ['notsc', { append: 'notsc', smp: 2 }],
    ],
  );
});

test('rules keep what they say, in one form for a value and a list of values', () => {
  const body = `expect:
  - when: { hpet: no, memory: 1G, kernel: { not: [b-1] } }
    registration: never
    current: [hpet, acpi_pm]
    accuracy-ppm: 2.5
    messages: { must: "a", must-not: ["/b+/"] }
`;
  expect(matrix(body).rules).toMatchObject([
    {
      when: [
        { key: 'hpet', not: false, patterns: ['off'] },
        { key: 'memory', not: false, patterns: ['1024'] },
        { key: 'kernel', not: true, patterns: ['b-1'] },
      ],
      registration: ['never'],
      current: ['hpet', 'acpi_pm'],
      accuracyPpm: 2.5,
      must: ['a'],
      mustNot: ['/b+/'],
      from: 'expect[0]',
      place: { line: 4, path: 'expect[0]' },
    },
  ]);
});

test('a value typed on a command line means what it means in a matrix', () => {
  expect(settingPattern('smp', '2')).toBe('2');
  expect(settingPattern('memory', '1G')).toBe('1024');
  expect(settingPattern('hpet', 'true')).toBe('on');
  expect(settingPattern('machine', 'q35')).toBe('pc-q35-7.2');
  expect(settingPattern('smp', 'x')).toBeUndefined();
  expect(settingPattern('cpu', 'max*')).toBe('max*');
});
