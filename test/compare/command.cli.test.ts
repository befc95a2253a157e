// `tscmatrix compare` as a user runs it: the forms, the baseline, the exit codes.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openWorkshop, type Ran, type Workshop } from '../cli/tscmatrix.ts';
import { CONTROL } from '../report/streams.ts';
import { type RunSpec, writeRun } from './runs.ts';

let shop: Workshop;
let results: string;
beforeEach(async () => {
  shop = await openWorkshop();
  results = join(shop.folder, 'results');
});
afterEach(() => shop.remove());

const compare = (...args: readonly string[]): Promise<Ran> => shop.run(['compare', ...args]);
const night = (day: number, spec: RunSpec = {}): Promise<string> =>
  writeRun(results, { at: `2026-01-${String(day).padStart(2, '0')}T02:00:00.000Z`, ...spec });
const NEVER = { outcome: 'unexpected', reason: 'never instead of refined' } as const;
/** Colours a terminal, breaks a table, mentions somebody. */
const HOSTILE = '\u001b[31mred\u009b2J </td> | x | `@root` \u0000';

test('two runs by their names: a table, and 1 for a regression', async () => {
  await night(1, { cells: [{ kernel: 'a' }, { kernel: 'b' }] });
  await night(2, { cells: [{ kernel: 'a' }, { kernel: 'b', ...NEVER }] });
  const { code, stdout, stderr } = await compare('20260101', 'latest');
  expect(stderr).toBe('');
  expect(code).toBe(1);
  expect(stdout).toContain('REGRESSED: refined, now never: never instead of refined');
  expect(stdout).toContain('  b.tcg.deterministic  refined, tsc, 0 ppm -> unexpected, never, hpet, 0 ppm');
  expect(stdout).not.toContain('a.tcg.deterministic');
  expect(stdout).toContain('1 identical (listed with --all)');
  expect((await compare('20260101', 'latest', '--all')).stdout).toContain('a.tcg.deterministic');
});

test('last-good is the newest earlier run of the matrix that ended with 0 and has its cells', async () => {
  await night(1);
  const good = await night(2);
  await night(3, { cells: [NEVER] });
  await night(4, { matrix: 'quick' });
  await night(5, { filters: ['kernel=stock'] });
  await night(6, { unfinished: true });
  await writeFile(join(await night(7), 'events.jsonl'), 'damaged\n');
  await night(8, { cells: [NEVER] });
  await night(9);
  const { code, stdout } = await compare('--baseline', 'last-good', '20260108', '--json');
  const { before, after, version, counts } = JSON.parse(stdout);
  expect(before.dir).toBe(good);
  expect(after.run).toBe('20260108-020000-nightly');
  expect({ version, code, regressed: counts.regressed }).toEqual({ version: 1, code: 1, regressed: 1 });
});

test('the run to be compared is the latest where none is named', async () => {
  await night(1);
  await night(2);
  const { code, stdout } = await compare('--baseline', 'last-good');
  expect(code).toBe(0);
  expect(stdout).toContain('identical: the cell, the same transcripts from the same inputs');
});

test('69 where there is no baseline, and where nothing could be compared', async () => {
  await night(1, { cells: [NEVER] });
  await night(2, { cells: [{ outcome: 'skipped' }] });
  const none = await compare('--baseline', 'last-good');
  expect(none).toMatchObject({ code: 69, stdout: '' });
  expect(none.stderr).toContain('no earlier run of the matrix nightly');
  expect(await compare('20260101', '20260102')).toMatchObject({ code: 69, stderr: '' });
});

test.for([
  [[], /takes two runs/],
  [['latest'], /takes two runs/],
  [['a', 'b', 'c'], /takes two runs/],
  [['20260101', 'latest', '--baseline', 'last-good'], /only one run/],
  [['20260101', 'no-such-run'], /no run in/],
  [['20260101', 'latest', '--reporter', 'junit'], /no reporter "junit"/],
  [['20260101', 'latest', '--reporter', 'table', '--json'], /cannot both/],
] as const)('bad usage is 2: %o', async ([args, why]) => {
  await night(1);
  const { code, stdout, stderr } = await compare(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(why);
});

test('what guests wrote acts neither on a terminal nor in markdown', async () => {
  await night(1);
  await night(2, { cells: [{ ...NEVER, reason: HOSTILE, seen: { current: HOSTILE } }] });
  const table = await compare('20260101', 'latest');
  expect(table.stdout.replaceAll('\n', '')).not.toMatch(CONTROL);
  const file = join(shop.folder, 'summary.md');
  const { stdout } = await compare(
    '20260101',
    'latest',
    '--reporter',
    'markdown',
    '--reporter',
    `json=${file}`,
  );
  expect(stdout.replaceAll('\n', '')).not.toMatch(CONTROL);
  expect(stdout).not.toContain('</td>');
  expect(stdout).not.toContain('@root');
  const [row = ''] = stdout.split('\n').filter((line) => line.includes('REGRESSED'));
  // Four columns: bars of the guest's are escaped.
  expect(row.split(/(?<!\\)\|/)).toHaveLength(6);
});

test('a damaged record is compared as far as it goes, and that is said', async () => {
  const first = await night(1);
  await night(2);
  await rm(join(first, 'provenance.json'));
  const { code, stdout } = await compare('20260101', 'latest');
  expect(code).toBe(0);
  expect(stdout).toContain('there is no provenance.json');
  expect(stdout).not.toMatch(/^identical/m);
});
