import { expect, test } from 'vitest';
import { loadMatrix, parseMatrix } from '../../harness/matrix/load.ts';
import { rowOf } from '../../harness/plan/cell-id.ts';
import { MAX_COMBINATIONS, makePlan } from '../../harness/plan/expand.ts';
import { cell, complaints, ids, plan, warnings } from './helpers.ts';

test('without axes the cells are the kernels', () => {
  expect(ids('')).toEqual(['a.tcg.deterministic', 'b.tcg.deterministic']);
});

test('cells come in the order of the file, the last axis fastest', () => {
  expect(ids('axes: { hpet: [off, on], kernel: [b, a] }\n')).toEqual([
    'b.tcg.deterministic.hpet=off',
    'a.tcg.deterministic.hpet=off',
    'b.tcg.deterministic',
    'a.tcg.deterministic',
  ]);
});

test('defaults, presets and own axes make the guest', () => {
  const body = `defaults: { memory: 256 }
guests: { small: { smp: 1 }, big: { smp: 4 } }
axes: { kernel: [a], guest: [big], idle: { poll: { append: idle=poll } } }
`;
  expect(plan(body).cells).toMatchObject([
    {
      id: 'a.tcg.deterministic.append=idle=poll.mem=256.smp=4',
      kernel: 'a',
      guest: { smp: 4, memoryMiB: 256, append: 'idle=poll', hpet: true },
      axes: { kernel: 'a', guest: 'big', idle: 'poll' },
    },
  ]);
});

test('excludes leave out combinations, and includes come after them and stay', () => {
  const body = `axes: { hpet: [on, off] }
exclude: [{ kernel: a, hpet: off }, { kernel: { not: a }, hpet: on }]
include: [{ kernel: a, hpet: off }, { kernel: "*", smp: [2, 3] }]
`;
  expect(ids(body)).toEqual([
    'a.tcg.deterministic',
    'b.tcg.deterministic.hpet=off',
    'a.tcg.deterministic.hpet=off',
    'a.tcg.deterministic.smp=2',
    'a.tcg.deterministic.smp=3',
    'b.tcg.deterministic.smp=2',
    'b.tcg.deterministic.smp=3',
  ]);
});

test('an include without a kernel takes the kernel axis', () => {
  expect(ids('axes: { kernel: [b] }\ninclude: [{ smp: 2 }]\n')).toEqual([
    'b.tcg.deterministic',
    'b.tcg.deterministic.smp=2',
  ]);
});

test('rows name what the axes and includes vary, and the same guest is the same row', () => {
  const body =
    'axes: { hpet: [on, off] }\ninclude: [{ kernel: a, smp: 2, pmtimer: on }, { kernel: b, smp: 2 }, { kernel: b, append: "x y" }]\n';
  expect(plan(body).cells.slice(4).map(rowOf)).toEqual([
    'hpet=on smp=2',
    'hpet=on smp=2',
    'hpet=on append="x y"',
  ]);
  expect(plan('').cells.map(rowOf)).toEqual(['default', 'default']);
});

test('a cell that comes up twice is planned once, with a warning', () => {
  const body = 'axes: { hpet: [on, off] }\ninclude: [{ kernel: a, hpet: off }]\n';
  expect(ids(body)).toHaveLength(4);
  expect(warnings(body)).toEqual([
    expect.stringContaining('1 cells come up more than once and boot once: a.tcg.'),
  ]);
});

test('two names of one guest must not be expected to do different things', () => {
  const body = 'axes: { kernel: [a], x: { p: {}, q: {} } }\n';
  expect(ids(body)).toHaveLength(1);
  const rule = 'expect: [{ registration: refined }, { when: { x: q }, registration: never }]\n';
  expect(complaints(body + rule)).toEqual([expect.stringContaining('twice, with different expectations')]);
});

test('of three axes that set one setting the first two that disagree are told', () => {
  const body = 'axes: { x: { p: { smp: 1 } }, y: { q: { smp: 2 } }, z: { r: { smp: 3 } } }\n';
  expect(complaints(body)).toEqual([expect.stringContaining('x p sets smp to "1", y q to "2"')]);
});

test('two axes that set one setting differently are an error with both places to mend it', () => {
  const body = 'axes:\n  lat: { x: { smp: 2 }, y: {} }\n  smp: [1, 2]\n';
  expect(complaints(body)).toEqual([
    '5 axes.smp[0]: lat x sets smp to "2", smp 1 to "1" (let one axis set smp, or leave the combination out: exclude: [{ lat: x, smp: 1 }])',
  ]);
  expect(ids(`${body}exclude: [{ lat: x, smp: 1 }]\n`)).toEqual([
    'a.tcg.deterministic.smp=2',
    'a.tcg.deterministic',
    'b.tcg.deterministic.smp=2',
    'b.tcg.deterministic',
  ]);
});

test('kvm with deterministic time is an error that says which exclude to write', () => {
  const body = 'axes:\n  topology: [tcg, kvm]\n  clock: [deterministic, real]\n';
  expect(complaints(body)).toEqual([
    '4 axes.topology[1]: topology kvm with clock deterministic is impossible: deterministic time is counted instructions, which host KVM does not have (leave it out: exclude: [{ topology: kvm, clock: deterministic }])',
  ]);
  expect(ids(`${body}exclude: [{ topology: kvm, clock: deterministic }]\n`, 'kernel=a')).toEqual([
    'a.tcg.deterministic',
    'a.tcg.real',
    'a.kvm.real',
  ]);
});

test('kvm with the default clock names the include and says what to set', () => {
  expect(complaints('include:\n  - { topology: kvm }\n')).toEqual([
    '4 include[0]: topology kvm with clock deterministic (the default) is impossible: deterministic time is counted instructions, which host KVM does not have (set clock: real, or topology: nested or tcg)',
  ]);
});

test('the CPU model host is refused under tcg', () => {
  expect(complaints('defaults: { cpu: "host,-svm", clock: real }\n')).toEqual([
    expect.stringContaining('the CPU model host needs KVM'),
  ]);
  expect(ids('defaults: { cpu: host, topology: kvm, clock: real }\n')[0]).toBe('a.kvm.real.cpu=host');
});

test('all impossible combinations are reported at once', () => {
  expect(
    complaints('axes: { lat: { x: { smp: 2 } }, smp: [1] }\ninclude: [{ topology: kvm }, { cpu: host }]\n'),
  ).toHaveLength(3);
});

test('rules apply in order and override only what they name', () => {
  const body = `axes: { hpet: [on, off] }
expect:
  - { registration: refined, current: tsc, messages: { must: x, must-not: y } }
  - { when: { hpet: off }, current: [hpet, tsc], messages: { must-not: [z] } }
  - { when: { hpet: off, kernel: b }, registration: [never, unstable] }
  - { when: { hpet: on }, accuracy-ppm: 5 }
`;
  expect(cell(body, 'b.tcg.deterministic.hpet=off').expectation).toEqual({
    registration: ['never', 'unstable'],
    current: ['hpet', 'tsc'],
    messages: { must: ['x'], mustNot: ['z'] },
    from: ['expect[0]', 'expect[1]', 'expect[2]'],
  });
  expect(cell(body, 'a.tcg.deterministic').expectation).toEqual({
    registration: ['refined'],
    current: ['tsc'],
    accuracyPpm: 5,
    messages: { must: ['x'], mustNot: ['y'] },
    from: ['expect[0]', 'expect[3]'],
  });
});

test('a cell that no rule gives a registration gets the default one, and says so', () => {
  const body = 'axes: { kernel: [a] }\nexpect: [{ current: tsc }]\n';
  expect(plan(body).cells[0]?.expectation).toEqual({
    registration: ['known-frequency', 'refined'],
    current: ['tsc'],
    from: ['expect[0]', 'default'],
  });
});

test('conditions see settings as they really are, wherever they come from', () => {
  const body =
    'guests: { g: { smp: 2 } }\naxes: { kernel: [a], guest: [g] }\nexpect: [{ when: { smp: 2 }, registration: never }]\n';
  expect(plan(body).cells[0]?.expectation.from).toEqual(['expect[0]']);
});

test('rules and excludes without effect are worth a warning', () => {
  const body =
    'axes: { hpet: [on] }\nexclude:\n  - { smp: 7 }\nexpect:\n  - { when: { hpet: off }, current: tsc }\n';
  expect(warnings(body)).toEqual([
    '5 exclude[0]: excludes nothing: no combination of the axes meets it',
    '7 expect[0]: matches no cell',
  ]);
});

test('a filter does not make rules look unused', () => {
  expect(plan('expect: [{ when: { kernel: b }, current: tsc }]\n', 'kernel=a').warnings).toEqual([]);
});

test('a matrix of which everything is excluded is an error', () => {
  expect(complaints('exclude: [{ kernel: "*" }]\n')).toEqual([expect.stringContaining('no cells')]);
});

test('a plan holds just the kernels that its cells use', () => {
  expect(plan('', 'kernel=b').kernels.map(({ name }) => name)).toEqual(['b']);
});

test('more combinations than anybody can boot are refused before they are made', () => {
  const list = Array.from({ length: 64 }, (_, index) => index + 1).join();
  const memory = Array.from({ length: 5000 }, (_, index) => index + 64).join();
  expect(complaints(`axes: { smp: [${list}], memory: [${memory}] }\n`)).toEqual([
    expect.stringContaining(String(MAX_COMBINATIONS)),
  ]);
});

test('a plan of 100,000 cells has each of them once, and shares what is the same', () => {
  const kernels = Array.from({ length: 20 }, (_, index) => `k${index}: { image: k }`).join();
  const list = (from: number, length: number): string =>
    Array.from({ length }, (_, index) => from + index).join();
  const text = `version: 1
kernels: { ${kernels} }
axes:
  hpet: [on, off]
  smp: [${list(1, 50)}]
  memory: [${list(256, 25)}]
  cmdline: { plain: {}, notsc: { append: notsc } }
expect: [{ when: { smp: 3 }, registration: unstable }]
`;
  const { cells } = makePlan(parseMatrix(text, '/m/big.yaml'));
  expect(cells).toHaveLength(100_000);
  expect(new Set(cells.map(({ id }) => id)).size).toBe(100_000);
  expect(new Set(cells.map(({ guest }) => guest)).size).toBe(5000);
  expect(new Set(cells.map(({ expectation }) => expectation)).size).toBe(2);
  expect(cells.filter(({ expectation }) => expectation.registration.includes('unstable'))).toHaveLength(2000);
  expect(cells.at(-1)?.id).toBe('k19.tcg.deterministic.append=notsc.hpet=off.mem=280.smp=50');
});

test('quick.yaml is a small matrix of which every part has an effect', async () => {
  const quick = makePlan(await loadMatrix(new URL('../../matrices/quick.yaml', import.meta.url).pathname));
  expect(quick.warnings).toEqual([]);
  expect(quick.cells.length).toBeLessThanOrEqual(14);
  expect(new Set(quick.cells.flatMap(({ expectation }) => expectation.registration))).toEqual(
    new Set(['refined', 'unrefined', 'unstable']),
  );
});

test('a cell has the line that speaks for it: of the last rule that it meets, else of its kernel or include', () => {
  const body = `axes:
  hpet: [on, off]
include:
  - { kernel: b, smp: 2 }
expect:
  - { when: { kernel: a }, registration: never }
  - { when: { kernel: a, hpet: off }, current: hpet }
`;
  expect(plan(body).cells.map(({ line }) => line)).toEqual([8, 9, 2, 2, 6]);
});
