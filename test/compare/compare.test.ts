// What changed between two runs, and what it is not blamed on.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compareRuns } from '../../harness/compare/compare.ts';
import { readCompared } from '../../harness/compare/places.ts';
import type { CellComparison, RunComparison } from '../../harness/compare/types.ts';
import { renderComparisonMarkdown } from '../../harness/report/comparison-markdown.ts';
import { renderComparisonTable } from '../../harness/report/comparison-table.ts';
import { CLOCK } from '../verdict/sample-clock.ts';
import { type CellSpec, type RunSpec, sha, writeRun } from './runs.ts';

let results: string;
beforeEach(async () => {
  results = await mkdtemp(join(tmpdir(), 'compare-test-'));
});
afterEach(() => rm(results, { recursive: true, force: true }));

const LATER = '2026-02-01T02:00:00.000Z';
const REAL = { clock: 'real' } as const;

async function compared(before: RunSpec, after: RunSpec): Promise<RunComparison> {
  const [a, b] = [await writeRun(results, before), await writeRun(results, { at: LATER, ...after })];
  return compareRuns(await readCompared(a), await readCompared(b));
}

/** One cell, and what of the runs differs. */
async function one(
  before: CellSpec,
  after: CellSpec,
  runs: readonly [RunSpec, RunSpec] = [{}, {}],
): Promise<CellComparison & { readonly exitCode: number; readonly conclusion: string }> {
  const all = await compared({ ...runs[0], cells: [before] }, { ...runs[1], cells: [after] });
  const [cell] = all.cells;
  if (cell === undefined) throw new Error('no cell');
  return { ...cell, exitCode: all.exitCode, conclusion: all.conclusion };
}

const inputs = ({ inputs: differ }: CellComparison): string[] => differ.map(({ input }) => input);

test('two deterministic runs of the same inputs are identical, by hashes alone', async () => {
  const spec: RunSpec = { cells: [{ kernel: 'a' }, { kernel: 'b', outcome: 'unexpected' }] };
  const dirs = [await writeRun(results, spec), await writeRun(results, { ...spec, at: LATER })];
  for (const dir of dirs) await rm(join(dir, 'cells'), { recursive: true });
  expect(await readdir(dirs[0] ?? '')).not.toContain('cells');
  const [a, b] = await Promise.all(dirs.map(readCompared));
  const all = compareRuns(a as never, b as never);
  expect(all.counts.identical).toBe(2);
  expect(all.conclusion).toBe('identical: all 2 cells, the same transcripts from the same inputs');
  expect(all.differences).toEqual([]);
  expect(all.exitCode).toBe(0);
});

test('where the files lie, and on which host, does not make a deterministic cell another', async () => {
  const cell = await one({}, {}, [{}, { cache: '/elsewhere', cpu: 'Intel Xeon' }]);
  expect(cell).toMatchObject({ change: 'identical', inputs: [] });
  expect(cell.conclusion).toMatch(/the host differs/);
});

test('one that was as expected and is not any more has regressed', async () => {
  const cell = await one({}, { outcome: 'unexpected', reason: 'never instead of refined' });
  expect(cell).toMatchObject({ change: 'regressed', direction: 'worse', inputs: [], exitCode: 1 });
  expect(cell.why).toBe('refined, now never: never instead of refined');
  expect(cell.facts).toContainEqual({ what: 'verdict', before: 'refined', after: 'never' });
  expect(cell.facts).toContainEqual({ what: 'current', before: 'tsc', after: 'hpet' });
});

test('another clock is a fact; in real time its ns are none, and a run without one says nothing of it', async () => {
  const seen = (ns: number, vdso = true) => ({
    clock: { ...CLOCK, calls: CLOCK.calls.map((call) => ({ ...call, ns, vdso })) },
  });
  const slow = await one({ seen: seen(88) }, { seen: seen(13_100, false), transcript: 'other' });
  expect(slow).toMatchObject({ change: 'evidence-only', exitCode: 0 });
  expect(slow.facts).toContainEqual({
    what: 'clock',
    before: 'vDSO, 88 ns, no warp',
    after: 'syscall, 13100 ns, no warp',
  });
  const real = await one(
    { seen: seen(25), guest: REAL },
    { seen: seen(31), guest: REAL, transcript: 'other' },
  );
  expect(real.facts.map(({ what }) => what)).not.toContain('clock');
  const older = await one({ transcript: 'old' }, { seen: seen(88) });
  expect(older.facts.map(({ what }) => what)).not.toContain('clock');
});

test('one that is as expected again is fixed', async () => {
  expect(await one({ outcome: 'unexpected' }, {})).toMatchObject({ change: 'fixed', exitCode: 0 });
});

test.for([
  ['kernel', {}, { kernels: { stock: 'another image' } }],
  ['qemu', {}, { qemu: '10.0.0' }],
  ['host', {}, { cpu: 'Intel Xeon' }],
  ['initramfs', {}, { initramfs: 'another probe' }],
  ['tscmatrix', {}, { commit: 'c2' }],
] as const)('a change of the %s is named and not taken for a regression', async ([input, before, after]) => {
  const cell = await one({}, { outcome: 'unexpected' }, [before, after]);
  expect(cell.change).toBe('not-comparable');
  expect(inputs(cell)).toEqual([input]);
  expect(cell.direction).toBe('worse');
  // It is worse nevertheless: silence would pass it.
  expect(cell.exitCode).toBe(1);
  expect(cell.why).toMatch(/differ/);
});

test.for([
  ['command-line', {}, { append: 'notsc' }],
  ['expectation', {}, { expect: ['never'] }],
  ['guest', {}, { guest: { memoryMiB: 1024 } }],
  ['clock', {}, { guest: { clock: 'real' } }],
] as const)('another %s of the cell itself is named likewise', async ([input, before, after]) => {
  const cell = await one(before, { ...after, outcome: 'unexpected' } as CellSpec);
  expect(cell.change).toBe('not-comparable');
  expect(inputs(cell)).toEqual([input]);
});

test('the same result is the same although an input differs, which is named', async () => {
  const cell = await one({}, { transcript: 'other bytes' }, [{}, { qemu: '10.0.0' }]);
  expect(cell).toMatchObject({ change: 'same', direction: 'same', exitCode: 0 });
  expect(cell.why).toBe('the same result, though QEMU differs');
  expect(cell.inputs).toEqual([{ input: 'qemu', what: 'version', before: '7.2.22', after: '10.0.0' }]);
});

test('the same version of QEMU built otherwise is told by its digest', async () => {
  const write = { ...{ qemu: '7.2.22' } };
  const dirs = [await writeRun(results, write), await writeRun(results, { ...write, at: LATER })];
  const [a, b] = await Promise.all(dirs.map(readCompared));
  const built = structuredClone(b?.provenance);
  Object.assign(built?.qemu ?? {}, { sha256: { value: sha('another build') } });
  const all = compareRuns(a as never, { ...b, provenance: built } as never);
  expect(all.differences).toMatchObject([{ input: 'qemu', what: 'program' }]);
  expect(all.cells[0]).toMatchObject({ change: 'same', why: 'the same transcript, though QEMU differs' });
});

test('another transcript from the same inputs is a change of evidence only', async () => {
  const cell = await one({}, { transcript: 'other bytes' });
  expect(cell).toMatchObject({ change: 'evidence-only', exitCode: 0 });
});

test('in real time other bytes say nothing, other facts do', async () => {
  const before = { guest: REAL };
  expect(await one(before, { guest: REAL, transcript: 'other', seen: { ppm: 3 } })).toMatchObject({
    change: 'same',
    why: 'the same result (in real time no two transcripts are the same)',
  });
  const other = { guest: REAL, transcript: 'other', seen: { available: ['tsc', 'hpet', 'acpi_pm'] } };
  expect(await one(before, other)).toMatchObject({ change: 'evidence-only' });
});

test('another verdict with the same outcome is a change', async () => {
  const expectation = { expect: ['refined', 'unrefined'] } as const;
  const cell = await one(expectation, { ...expectation, verdicts: ['unrefined'] });
  expect(cell).toMatchObject({ change: 'changed', direction: 'other', exitCode: 0 });
});

test('boots that differ are flaky, and one good night does not prove them cured', async () => {
  const flaky: CellSpec = { outcome: 'flaky', verdicts: ['refined', 'never'] };
  expect(await one({}, flaky)).toMatchObject({ change: 'flaky', exitCode: 1 });
  expect(await one(flaky, {})).toMatchObject({ change: 'flaky', direction: 'better', exitCode: 0 });
  expect(await one(flaky, { outcome: 'unexpected' })).toMatchObject({ change: 'flaky', exitCode: 1 });
});

test('cells of one run alone are new and gone, and are not compared', async () => {
  const all = await compared({ cells: [{ kernel: 'old' }] }, { cells: [{ kernel: 'new' }] });
  expect(all.cells.map(({ id, change }) => [id, change])).toEqual([
    ['old.tcg.deterministic', 'gone'],
    ['new.tcg.deterministic', 'new'],
  ]);
  expect(all).toMatchObject({ compared: 0, exitCode: 69 });
});

test.for([
  [{ outcome: 'skipped' }, /second run has no result, skipped/],
  [{ outcome: 'infra-error' }, /second run has no result, infra-error/],
  [{ outcome: null }, /second run has no result, infra-error: lost/],
] as const)('a cell without a result is not comparable: %o', async ([after, why]) => {
  const cell = await one({}, after as CellSpec, [{}, { unfinished: true }]);
  expect(cell).toMatchObject({ change: 'not-comparable', direction: null, exitCode: 69 });
  expect(cell.why).toMatch(why);
});

test('where the provenance is lost nothing is called identical, and it is said what is not known', async () => {
  const cell = await one({}, {}, [{ provenance: false }, {}]);
  expect(cell.change).toBe('same');
  expect(cell.unknown).toContain('initramfs');
  expect(cell.why).toMatch(/not known: .*initramfs/);
  const reason = 'never instead of refined: it says why.';
  const worse = await one({}, { outcome: 'unexpected', reason }, [{ provenance: false }, {}]);
  expect(worse.change).toBe('regressed');
  expect(worse.why).toContain('it says why; not known whether the same: ');
});

test('the same bytes judged otherwise by another tscmatrix are not the kernel', async () => {
  const otherwise: CellSpec = { outcome: 'unexpected', verdicts: ['refined'] };
  const cell = await one({}, otherwise, [{}, { commit: 'c2' }]);
  expect(cell.facts.map(({ what }) => what)).toEqual(['outcome']);
  expect(cell).toMatchObject({ change: 'not-comparable', direction: 'worse' });
  expect(inputs(cell)).toEqual(['tscmatrix']);
});

test('cells come worst first', async () => {
  const kernels = ['a', 'b', 'c', 'd'];
  const all = await compared(
    { cells: kernels.map((kernel) => ({ kernel, outcome: kernel === 'c' ? 'unexpected' : 'expected' })) },
    { cells: kernels.map((kernel) => ({ kernel, outcome: kernel === 'd' ? 'unexpected' : 'expected' })) },
  );
  expect(all.cells.map(({ kernel, change }) => `${kernel} ${change}`)).toEqual([
    'd regressed',
    'c fixed',
    'a identical',
    'b identical',
  ]);
  expect(all.conclusion).toBe('1 regressed, 1 fixed, 2 identical');
  expect(all.compared).toBe(4);
});

test('a test that fails now is a regression that is named; one that nobody judged is evidence alone', async () => {
  const tests = (state: 'pass' | 'fail') => [
    {
      name: 'nanosleep',
      state,
      reason: state,
      ms: 1,
      sha256: sha('t'),
      parts: [],
      numbers: [],
      evidence: [],
    },
  ];
  const failed = await one(
    { seen: { tests: tests('pass') } },
    { seen: { tests: tests('fail') }, verdicts: ['refined'], outcome: 'unexpected', transcript: 'other' },
  );
  expect(failed).toMatchObject({ change: 'regressed', exitCode: 1 });
  expect(failed.why).toContain('tests nanosleep pass, now nanosleep fail');
  const kept = await one(
    { seen: { tests: tests('pass') } },
    { seen: { tests: tests('fail') }, transcript: 'other' },
  );
  expect(kept.facts.map(({ what }) => what)).toEqual(['tests', 'transcript']);
  expect(kept.change).toBe('evidence-only');
});

/** A kernel from another commit than before, and with it another image. */
const AT = (commit: string, more: RunSpec = {}): RunSpec => ({
  kernels: { stock: commit },
  commits: { stock: commit },
  ...more,
});
const WORSE: CellSpec = { outcome: 'unexpected', reason: 'never instead of refined', transcript: 'other' };

test('a kernel that got worse with another commit: the search that would name the one that did it', async () => {
  const cells = (spec: CellSpec): CellSpec[] => [
    { ...spec, id: 'stock.tcg.real', guest: REAL },
    { ...spec, id: 'stock.tcg.deterministic' },
  ];
  const all = await compared({ ...AT('aaa'), cells: cells({}) }, { ...AT('bbb'), cells: cells(WORSE) });
  expect(all.bisections).toEqual([
    {
      kernel: 'stock',
      cells: 2,
      command: 'tscmatrix bisect --repo /linux --good aaa --bad bbb --cell /m#stock.tcg.deterministic',
    },
  ]);
});

test('it is printed to be pasted: in one line, whatever the width', async () => {
  const all = await compared(
    { ...AT('a'.repeat(40)), cells: [{}] },
    { ...AT('b'.repeat(40)), cells: [WORSE] },
  );
  const [{ command = '' } = {}] = all.bisections;
  const table = renderComparisonTable(all, { colour: false, columns: 60, all: false });
  expect(table).toContain(`  which commit of stock made 1 cell worse:\n    ${command}\n`);
  const markdown = renderComparisonMarkdown(all, { colour: false, columns: undefined, all: false });
  expect(markdown).toContain(`Which commit of stock made 1 cell worse:\n\n    ${command}\n`);
});

test.each<[string, CellSpec, RunSpec, RunSpec]>([
  ['it is the same commit', WORSE, AT('aaa'), AT('aaa', { kernels: { stock: 'x' } })],
  ['it is of another repository', WORSE, AT('aaa'), AT('bbb', { repository: '/other' })],
  ['one of them is of no commit', WORSE, { kernels: { stock: 'x' } }, AT('bbb')],
  ['something else differs too', WORSE, AT('aaa'), AT('bbb', { qemu: '8.0' })],
  ['nothing is worse', { transcript: 'other' }, AT('aaa'), AT('bbb')],
])('no search is named if %s', async (_, after, first, second) => {
  const all = await compared({ ...first, cells: [{}] }, { ...second, cells: [after] });
  expect(all.bisections).toEqual([]);
});

test('what a record says is one word for the shell, and one line', async () => {
  const odd = { repository: "/a b'; rm -rf $HOME\n#" };
  const all = await compared({ ...AT('a', odd), cells: [{}] }, { ...AT('b', odd), cells: [WORSE] });
  expect(all.bisections[0]?.command).toContain(`--repo '/a b'\\''; rm -rf $HOME\n#' --good a`);
});
