// The tests of a matrix: which cell has which, what of them may be expected, and that cells without any are as they were.
import { expect, test } from 'vitest';
import { readCellSpec } from '../../harness/lab/cell-spec.ts';
import { testWords } from '../../harness/lab/test-words.ts';
import { parseMatrix } from '../../harness/matrix/load.ts';
import { makePlan } from '../../harness/plan/expand.ts';
import { complaints, plan, warnings } from './helpers.ts';

const TESTS = `tests:
  - t/nanosleep.sh
  - { name: drift, folder: t/drift, run: go.sh, args: ["5"], timeout: 30s, when: { kernel: a } }
  - { command: "true" }
`;

test('forms, names, and the cells that they are for', () => {
  const { cells } = plan(
    `${TESTS}expect: [{ tests: { "nanosleep.*": [pass, skip] } }, { tests: { nanosleep: fail } }]`,
  );
  const [a, b] = cells;
  expect(a?.tests).toEqual([
    { name: 'nanosleep', path: 't/nanosleep.sh', args: [], timeoutMs: 10_000 },
    { name: 'drift', path: 't/drift', run: 'go.sh', args: ['5'], timeoutMs: 30_000 },
    { name: 'command-3', command: 'true', args: [], timeoutMs: 10_000 },
  ]);
  expect(b?.tests?.map(({ name }) => name)).toEqual(['nanosleep', 'command-3']);
  expect(b?.expectation.tests).toEqual({ 'nanosleep.*': ['pass', 'skip'], nanosleep: ['fail'] });
  // The id is of the kernel and the guest alone.
  const plain = plan('').cells;
  expect(cells.map(({ id }) => id)).toEqual(plain.map(({ id }) => id));
  for (const cell of plain) expect(cell).not.toHaveProperty('tests');
});

test.each([
  ['tests: [/etc/shadow]', /within the matrix file's folder/],
  ['tests: [../secret]', /within the matrix file's folder/],
  ['tests: [a/../../secret]', /within the matrix file's folder/],
  ['tests: [{ folder: t, run: ../x }]', /within the matrix file's folder/],
  ['tests: [{ name: x }]', /one of file, folder, command and kselftest/],
  ['tests: [{ file: x, command: y }]', /one of file, folder, command and kselftest/],
  ['tests: [{ file: x, run: y }]', /run goes with folder/],
  ['tests: [{ file: x, timeout: 1h }]', /500ms, 10s or 2m/],
  ['tests: [{ file: x, timeout: 11m }]', /at most 10m/],
  ['tests: [{ file: x, name: a.b }]', /letters, digits and _ \+ -/],
  ['tests: [x, y/x.sh]', /two tests of a cell are called x/],
  ['tests: [{ file: x, when: { kernel: c } }]', /no kernel "c"/],
  ['tests: [x]\nexpect: [{ tests: { y: pass } }]', /expects the test y/],
  ['expect: [{ numbers: { y: { max: 1 } } }]', /in which none runs/],
  ['tests: [x]\nexpect: [{ tests: { x: not-run } }]', /expect\[0\]\.tests\.x/],
  ['tests: [x]\nexpect: [{ numbers: { y: {} } }]', /min, max or both/],
])('%s is refused, once, with its place', (body, message) => {
  const found = complaints(body);
  expect(
    found.some((one) => message.test(one)),
    found.join('\n'),
  ).toBe(true);
});

test('a selftest is built from the tree of the cell or of a kernel that is named', () => {
  const kernels = `version: 1
kernels:
  built: { source: { directory: /src/linux } }
  image: { image: k }
`;
  const cells = (tests: string) => makePlan(parseMatrix(kernels + tests, '/m/test.yaml')).cells;
  const all = cells('tests: [{ kselftest: timers/nanosleep, from: built, args: ["1"] }]');
  for (const { tests } of all)
    expect(tests).toEqual([
      {
        name: 'nanosleep',
        selftest: 'timers/nanosleep',
        args: ['1'],
        timeoutMs: 10_000,
        tree: { kind: 'directory', path: '/src/linux' },
      },
    ]);
  const [own] = cells('tests: ["kselftest:timers/set-tai"]\naxes: { kernel: [built] }');
  expect(own?.tests).toMatchObject([{ selftest: 'timers/set-tai', tree: { path: '/src/linux' } }]);
  expect(() => cells('tests: ["kselftest:timers/set-tai"]')).toThrow(
    /kernel image is not built from a source/,
  );
  expect(() => cells('tests: ["kselftest:../../x"]')).toThrow(/must be a selftest of the kernel/);
  expect(() => cells('tests: [{ file: x, from: built }]')).toThrow(/from goes with kselftest/);
});

test('a test that runs nowhere is a warning', () => {
  expect(warnings('tests: [{ file: x, when: { smp: 7 } }]')).toEqual(['3 tests[0]: runs in no cell']);
});

test('--test: paths, arguments, names and lines for the shell', () => {
  expect(testWords(['/x/a.sh', 'b=/x/a.sh 1 2', 'sh: exit 4'], '2s')).toEqual([
    { name: 'a', path: '/x/a.sh', args: [], timeoutMs: 2000 },
    { name: 'b', path: '/x/a.sh', args: ['1', '2'], timeoutMs: 2000 },
    { name: 'command-3', command: 'exit 4', args: [], timeoutMs: 2000 },
  ]);
  expect(() => testWords(['/x/a', '/y/a'])).toThrow(/called a/);
  expect(() => testWords(['/x/a'], 'soon')).toThrow(/not a time/);
  expect(() => testWords([' '])).toThrow(/names no file/);
});

test('a search that asks a test alone takes any registration; with --expect its names are known', async () => {
  const tests = testWords(['/x/a.sh']);
  const alone = (await readCellSpec('', [], tests)).cell;
  expect(alone).toMatchObject({
    tests,
    expectation: { registration: expect.arrayContaining(['never', 'refined']) },
  });
  const asked = (await readCellSpec('hpet=off', ['tests={a: fail}', 'numbers={x: {max: 1}}'], tests)).cell;
  expect(asked.expectation).toMatchObject({
    registration: ['known-frequency', 'refined'],
    tests: { a: ['fail'] },
    numbers: { x: { max: 1 } },
  });
  await expect(readCellSpec('', ['tests={b: fail}'], tests)).rejects.toThrow(/expects the test b/);
});
