// The database holds what the records say, whatever happened to either.
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectedDurations } from '../../harness/history/durations.ts';
import { HISTORY_FILE, withHistory } from '../../harness/history/open.ts';
import { cellHistories } from '../../harness/history/query.ts';
import type { CellHistory, HistoryQuery } from '../../harness/history/types.ts';
import { historyText } from '../../harness/report/history-text.ts';
import { type RunSpec, writeRun } from '../compare/runs.ts';
import { CLOCK } from '../verdict/sample-clock.ts';

let results: string;
beforeEach(async () => {
  results = await mkdtemp(join(tmpdir(), 'history-test-'));
});
afterEach(() => rm(results, { recursive: true, force: true }));

const at = (day: number): string => `2026-01-${String(day).padStart(2, '0')}T02:00:00.000Z`;
const night = (day: number, spec: RunSpec = {}): Promise<string> =>
  writeRun(results, { at: at(day), ...spec });
const NEVER = { outcome: 'unexpected' } as const;

function all(query: Partial<HistoryQuery> = {}, rebuild = false): Promise<CellHistory[]> {
  return withHistory(results, (history) => cellHistories(history, { last: 1000, ...query }), { rebuild });
}
test('a night keeps the dearest reading of the clock, and the rate that is furthest off', async () => {
  const rate = { source: 'tsc', ppm: -740, withinPpm: 1, overS: 2 };
  await night(1, { cells: [{ seen: { clock: { ...CLOCK, rates: [rate] } } }] });
  await night(2, { cells: [{}] });
  const [cell] = await all();
  expect(cell?.nights.map(({ clockNs, clockPpm }) => [clockNs, clockPpm])).toEqual([
    [undefined, undefined],
    [88, -740],
  ]);
  expect(
    historyText([{ ...cell, nights: cell?.nights.slice(1) } as CellHistory], { columns: 200 }),
  ).toContain('now expected refined, 88 ns a reading, clock -740 ppm (6.1.0)');
});

async function filled(): Promise<{ read: number; removed: number; unusable: readonly { run: string }[] }> {
  return withHistory(results, (history) => history.filled);
}
const strip = (histories: readonly CellHistory[]): string[] =>
  histories.map(({ nights }) => nights.map(({ outcome, run }) => `${run.slice(6, 8)} ${outcome}`).join(', '));

test('a night of a cell says what the record said', async () => {
  await night(1, { cells: [{ verdicts: ['refined', 'never'], outcome: 'flaky', wallMs: 1500 }] });
  const [cell] = await all();
  expect(cell).toMatchObject({
    matrix: 'nightly',
    cell: 'stock.tcg.deterministic',
    kernel: 'stock',
    changed: null,
  });
  expect(cell?.nights).toEqual([
    {
      run: '20260101-020000-nightly',
      at: at(1),
      outcome: 'flaky',
      lost: false,
      verdicts: ['refined', 'never'],
      current: ['hpet', 'tsc'],
      kernelRelease: '6.1.0',
      kernelSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      qemu: '7.2.22',
      hostCpu: 'AMD EPYC',
      boots: 2,
      wallMs: 3000,
    },
  ]);
  expect(cell?.flaky).toMatchObject({ count: 1, of: 1 });
});

test('nights come newest first, in whatever order they were filled, and no more than asked for', async () => {
  await night(2, { cells: [NEVER] });
  await all();
  await night(1);
  await night(3);
  expect(strip(await all())).toEqual(['03 expected, 02 unexpected, 01 expected']);
  expect(strip(await all({ last: 2 }))).toEqual(['03 expected, 02 unexpected']);
  expect(strip(await all({ until: at(2) }))).toEqual(['02 unexpected, 01 expected']);
});

test('only what is new or has changed is read', async () => {
  const first = await night(1);
  await night(2);
  expect(await filled()).toMatchObject({ read: 2, removed: 0 });
  expect(await filled()).toMatchObject({ read: 0, removed: 0 });
  await night(3);
  expect(await filled()).toMatchObject({ read: 1, removed: 0 });
  await rm(first, { recursive: true });
  expect(await filled()).toMatchObject({ read: 0, removed: 1 });
  expect(strip(await all())).toEqual(['03 expected, 02 expected']);
});

test('a run that is gone on with replaces what was known of it', async () => {
  const dir = await night(1, { cells: [{ outcome: null }], unfinished: true });
  const [lost] = await all();
  expect(lost?.nights).toMatchObject([{ outcome: 'infra-error', lost: true }]);
  const log = join(dir, 'events.jsonl');
  const lines = (await readFile(log, 'utf8')).trim().split('\n').length;
  const judged = {
    type: 'cell-judged',
    cell: 'stock.tcg.deterministic',
    outcome: 'expected',
    reason: '',
    verdicts: ['refined'],
  };
  await appendFile(log, `${JSON.stringify({ seq: lines, at: at(1), ...judged })}\n`);
  expect(strip(await all())).toEqual(['01 expected']);
});

test('a run that still goes on is left for later', async () => {
  const dir = await night(1, { unfinished: true });
  const owner = {
    pid: process.pid,
    startTicks: (await readFile('/proc/self/stat', 'latin1')).split(') ')[1]?.split(' ')[19],
    host: (await readFile('/proc/sys/kernel/hostname', 'utf8')).trim(),
  };
  await writeFile(join(dir, 'lock'), JSON.stringify(owner));
  expect(await all()).toEqual([]);
  await rm(join(dir, 'lock'));
  expect(strip(await all())).toEqual(['01 expected']);
});

test('records that cannot be read are named, and the others are there', async () => {
  await writeFile(join(await night(1), 'events.jsonl'), 'nonsense\n');
  const newer = await night(2);
  const log = await readFile(join(newer, 'events.jsonl'), 'utf8');
  await writeFile(join(newer, 'events.jsonl'), log.replace('"version":1', '"version":99'));
  const torn = await night(3);
  const whole = await readFile(join(torn, 'events.jsonl'), 'utf8');
  await writeFile(join(torn, 'events.jsonl'), whole.slice(0, -20));
  await night(4);
  const { unusable } = await filled();
  expect(unusable.map(({ run }) => run)).toEqual(['20260101-020000-nightly', '20260102-020000-nightly']);
  expect(strip(await all())).toEqual(['04 expected, 03 expected']);
  // Read once, not each time.
  expect((await filled()).read).toBe(0);
});

test('rebuilt, it is the same as it grew', async () => {
  for (let day = 1; day <= 6; day++) {
    await night(day, { cells: [{ kernel: 'a' }, { kernel: 'b', ...(day % 2 ? NEVER : {}) }] });
    await all();
  }
  const grown = await all();
  expect(await all({}, true)).toEqual(grown);
  await rm(join(results, HISTORY_FILE));
  expect(await all()).toEqual(grown);
});

test('a database that is damaged or of another version is made anew', async () => {
  await night(1);
  const right = await all();
  await writeFile(
    join(results, HISTORY_FILE),
    'this is no database, but it is long enough to be taken for one\n'.repeat(99),
  );
  expect(await all()).toEqual(right);
  const database = new DatabaseSync(join(results, HISTORY_FILE));
  database.exec('PRAGMA user_version = 99; DROP TABLE nights; CREATE TABLE nights (other TEXT)');
  database.close();
  expect(await all()).toEqual(right);
});

test('without a folder there is no history, and none is made', async () => {
  const nowhere = join(results, 'nowhere');
  const cells = await withHistory(nowhere, (history) => cellHistories(history, { last: 1 }));
  expect(cells).toEqual([]);
  expect(await readdir(results)).toEqual([]);
});

test('nothing but the database is left beside the records', async () => {
  const dir = await night(1);
  await all();
  expect((await readdir(results)).sort()).toEqual([dir.split('/').at(-1), HISTORY_FILE, 'latest'].sort());
});

test('cells are found by globs, by kernel and by matrix', async () => {
  await night(1, { cells: [{ kernel: 'debian-6.1' }, { kernel: 'debian-6.12' }, { kernel: 'stock' }] });
  await night(2, { matrix: 'quick', cells: [{ kernel: 'stock' }] });
  const names = async (query: Partial<HistoryQuery>): Promise<string[]> =>
    (await all(query)).map(({ matrix, kernel }) => `${matrix} ${kernel}`);
  expect(await names({ cells: ['debian*'] })).toEqual(['nightly debian-6.1', 'nightly debian-6.12']);
  expect(await names({ kernel: '*6.1' })).toEqual(['nightly debian-6.1']);
  expect(await names({ kernel: 'stock' })).toEqual(['nightly stock', 'quick stock']);
  expect(await names({ matrix: 'quick' })).toEqual(['quick stock']);
  const [own] = await all({ matrix: 'quick', last: 9 });
  expect(own?.nights.map(({ run }) => run)).toEqual(['20260102-020000-quick']);
});

test('parts of a merged run do not count beside it', async () => {
  await night(1);
  const merged = await night(2);
  const log = join(merged, 'events.jsonl');
  const lines = (await readFile(log, 'utf8')).trim().split('\n');
  const part = {
    label: 'a',
    run: '20260101-020000-nightly',
    startedAt: at(1),
    shard: null,
    provenance: null,
    logSha256: '0'.repeat(64),
  };
  const event = { seq: lines.length, at: at(2), type: 'run-merged', parts: [part] };
  await writeFile(log, `${[...lines, JSON.stringify(event)].join('\n')}\n`);
  expect(strip(await all())).toEqual(['02 expected']);
  await rm(merged, { recursive: true });
  expect(strip(await all())).toEqual(['01 expected']);
});

test('durations are expected from the cell, else its kernel, else its kind of guest, else all', async () => {
  const cells = (ms: number): RunSpec => ({
    cells: [
      { kernel: 'a', id: 'a.one', wallMs: ms, verdicts: ['refined', 'refined'] },
      { kernel: 'a', id: 'a.two', wallMs: 9000 },
      { kernel: 'b', id: 'b.one', wallMs: 20_000 },
      { kernel: 'b', id: 'b.skipped', outcome: 'skipped' },
    ],
  });
  for (const [i, ms] of [1000, 3000, 2000].entries()) await night(i + 1, cells(ms));
  const kind = { topology: 'tcg', clock: 'deterministic' };
  const asked = [
    { id: 'a.one', kernel: 'a', ...kind },
    { id: 'a.new', kernel: 'a', ...kind },
    { id: 'b.skipped', kernel: 'b', ...kind },
    { id: 'c.new', kernel: 'c', ...kind },
    { id: 'd.new', kernel: 'd', topology: 'nested', clock: 'real' },
  ];
  const expected = await withHistory(results, (history) => expectedDurations(history, asked));
  expect(Object.fromEntries(expected)).toEqual({
    'a.one': { ms: 2000, from: 'cell' },
    'a.new': { ms: 6000, from: 'kernel' },
    'b.skipped': { ms: 20_000, from: 'kernel' },
    'c.new': { ms: 9000, from: 'topology' },
    'd.new': { ms: 9000, from: 'all' },
  });
  const none = await withHistory(`${results}/nowhere`, (history) => expectedDurations(history, asked));
  expect(none.size).toBe(0);
});
