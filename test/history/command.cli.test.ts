// `tscmatrix history` as a user runs it, also several at once, also killed.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HISTORY_FILE } from '../../harness/history/open.ts';
import { openWorkshop, type Workshop } from '../cli/tscmatrix.ts';
import { type RunSpec, writeRun } from '../compare/runs.ts';
import { CONTROL } from '../report/streams.ts';

let shop: Workshop;
let results: string;
beforeEach(async () => {
  shop = await openWorkshop();
  results = join(shop.folder, 'results');
});
afterEach(() => shop.remove());

const night = (day: number, spec: RunSpec = {}): Promise<string> =>
  writeRun(results, { at: new Date(Date.UTC(2026, 0, day, 2)).toISOString(), ...spec });
const NEVER = { outcome: 'unexpected' } as const;

test('each cell has a strip of its nights, its flake rate, and since when it is so', async () => {
  for (let day = 1; day <= 4; day++) await night(day, { cells: [day < 3 ? {} : NEVER, { kernel: 'other' }] });
  const { code, stdout } = await shop.run(['history', 'stock.*']);
  expect(code).toBe(0);
  expect(stdout).toContain('  stock.tcg.deterministic  ..UU\n');
  expect(stdout).toContain('flaky on 0 of 4 nights (0 %, 95 % interval 0 to 49 %)');
  expect(stdout).toContain('since 20260103-020000-nightly: expected refined, now unexpected never');
  expect(stdout).not.toContain('other');
});

test('as JSON, and no more nights than asked for', async () => {
  for (let day = 1; day <= 4; day++) await night(day);
  const { stdout } = await shop.run(['history', '--kernel', 'stock', '--last', '2', '--json']);
  const { version, cells } = JSON.parse(stdout);
  expect(version).toBe(1);
  expect(cells[0].nights.map(({ run }: { run: string }) => run)).toEqual([
    '20260104-020000-nightly',
    '20260103-020000-nightly',
  ]);
});

test('a cell that is not there, and a folder without runs, are bad input', async () => {
  const none = await shop.run(['history']);
  expect(none).toMatchObject({ code: 2, stdout: '' });
  expect(none.stderr).toContain('there are no runs');
  await night(1);
  const wrong = await shop.run(['history', 'nothing.*', '--kernel', 'x']);
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr).toContain('have no cell named nothing.*, of the kernel x');
});

test('what is in the records acts on no terminal', async () => {
  await night(1, { cells: [{ kernel: 'k', id: 'k\u001b[31m.x', outcome: 'skipped' }] });
  const { stdout } = await shop.run(['history']);
  expect(stdout).toContain('.x');
  expect(stdout.replaceAll('\n', '')).not.toMatch(CONTROL);
});

/** Everything that the database says, without the numbers of its rows. */
function dump(): unknown[] {
  const database = new DatabaseSync(join(results, HISTORY_FILE), { readOnly: true });
  try {
    expect(database.prepare('PRAGMA integrity_check').get()).toMatchObject({ integrity_check: 'ok' });
    const runs = database
      .prepare('SELECT run, matrix, at, exit_code, log_stamp FROM runs ORDER BY run')
      .all();
    const nights = database
      .prepare(
        `SELECT run, cell, outcome, verdicts, sha256, boots, wall_ms FROM nights
         JOIN runs ON runs.id = run_id JOIN cells ON cells.id = cell_id
         JOIN results ON results.id = result_id JOIN kernels ON kernels.id = kernel_id
         ORDER BY run, cell`,
      )
      .all();
    return [runs, nights].map((rows) => rows.map((row) => ({ ...row })));
  } finally {
    database.close();
  }
}

const CELLS: RunSpec = { cells: ['a', 'b', 'c', 'd'].map((kernel) => ({ kernel })) };

test('any number of processes may fill and rebuild at once', async () => {
  for (let day = 1; day <= 30; day++) await night(day, CELLS);
  const all = await Promise.all(
    [[], [], ['--rebuild'], ['--rebuild']].map((flags) =>
      shop.run(['history', '--last', '99', '--json', ...flags]),
    ),
  );
  expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  // Each has seen everything, also those that others have read for it.
  for (const { stdout } of all) expect(stdout).toBe(all[0]?.stdout);
  expect(JSON.parse(all[0]?.stdout ?? '').cells.map(({ nights }: { nights: [] }) => nights.length)).toEqual([
    30, 30, 30, 30,
  ]);
  const together = dump();
  await shop.run(['history', '--rebuild']);
  expect(dump()).toEqual(together);
});

test('killed while it fills, the next one goes on from there', async () => {
  for (let day = 1; day <= 40; day++) await night(day, CELLS);
  const first = shop.start(['history', '--json']);
  await first.says('reading records');
  first.child.kill('SIGKILL');
  expect((await first.done).signal).toBe('SIGKILL');
  const next = await shop.run(['history', '--last', '99', '--json']);
  expect(next.code).toBe(0);
  const went = dump();
  expect(went[0]).toHaveLength(40);
  await shop.run(['history', '--rebuild']);
  expect(dump()).toEqual(went);
});
