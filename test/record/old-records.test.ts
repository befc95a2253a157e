// Records of every version there has been stay readable: real runs, each written by the program of its time.
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { compareRuns } from '../../harness/compare/compare.ts';
import { readCompared } from '../../harness/compare/places.ts';
import { withHistory } from '../../harness/history/open.ts';
import { cellHistories } from '../../harness/history/query.ts';
import { makeScratch } from '../../harness/host/scratch.ts';
import { writeBlob } from '../../harness/record/blob/blob-write.ts';
import { mergeBlobs } from '../../harness/record/merge/merge.ts';
import { readRecord } from '../../harness/record/reader.ts';
import { RECORD_VERSION } from '../../harness/record/types.ts';
import { renderRunPage } from '../../harness/report/html/run-page.ts';
import { reportRecord } from '../../harness/report/replay.ts';
import { rejudge } from '../../harness/run/rejudge.ts';
import { normalise } from '../support/normalise.ts';

const RECORDS = join(import.meta.dirname, '..', 'captures', 'records');
const VERSIONS = Array.from({ length: RECORD_VERSION }, (_, i) => `v${i + 1}`);
const EXPECTED = {
  'built-6.1.tcg.deterministic': ['expected', 'refined'],
  'built-6.1.tcg.deterministic.append=notsc': ['unexpected', 'unstable'],
  'built-6.1.tcg.real.hpet=off': ['expected', 'refined'],
  'built-6.1.kvm.real': ['skipped', ''],
};

async function reportAs(dir: string, form: string): Promise<string> {
  const stdout = new PassThrough();
  const failures = await reportRecord(await readRecord(dir), [form], { stdout, stderr: new PassThrough() });
  expect(failures).toEqual([]);
  return String(stdout.read() ?? '');
}

test('there is a record of every version', () => {
  expect(readdirSync(RECORDS).sort()).toEqual(VERSIONS);
});

test.each(VERSIONS)('%s reads whole', async (version) => {
  const record = await readRecord(join(RECORDS, version));
  expect(record.problems).toEqual([]);
  expect(record.unknown).toEqual([]);
  expect(`v${record.version}`).toBe(version);
  expect(record.state).toBe('finished');
  expect(record.provenance?.qemu.version.value).toMatch(/^7\.2/);
  const found = [...record.view.cells.values()].map(({ cell, judged }) => [
    cell.id,
    [judged?.outcome, judged?.verdicts.join()],
  ]);
  expect(Object.fromEntries(found)).toEqual(EXPECTED);
});

test.each(VERSIONS)('%s is reported in every form', async (version) => {
  const dir = join(RECORDS, version);
  expect(await reportAs(dir, 'table')).toMatch(/4 cells: 2 expected, 1 unexpected, 1 skipped/);
  expect(await reportAs(dir, 'junit')).toMatch(/tests="4" failures="1"/);
  expect(await reportAs(dir, 'markdown')).toMatch(/no tsc<br>unstable<br>(?:[^|<]+<br>)?\*\*UNEXPECTED/);
  expect(await reportAs(dir, 'tap')).toMatch(/^1\.\.4$/m);
  const document = JSON.parse(await reportAs(dir, 'json'));
  expect(document).toMatchObject({ complete: true, exitCode: 1, counts: { expected: 2, unexpected: 1 } });
  expect(await reportAs(dir, 'summary')).toMatch(/^## every-outcome: 1 of 4 not as expected/);
  expect(JSON.parse(await reportAs(dir, 'kcidb')).tests).toHaveLength(4);
  let page = '';
  for await (const part of await renderRunPage(await readRecord(dir))) page += part;
  for (const cell of Object.keys(EXPECTED)) expect(page).toContain(`"${cell}"`);
});

test.each(VERSIONS)('%s is compared, and is a night of the history', async (version) => {
  const run = await readCompared(join(RECORDS, version));
  const { cells, exitCode } = compareRuns(run, run);
  expect(Object.fromEntries(cells.map(({ id, change }) => [id, change]))).toEqual({
    'built-6.1.tcg.deterministic': 'identical',
    'built-6.1.tcg.deterministic.append=notsc': 'identical',
    'built-6.1.tcg.real.hpet=off': 'identical',
    'built-6.1.kvm.real': 'not-comparable',
  });
  expect(exitCode).toBe(0);
  const scratch = await makeScratch();
  try {
    cpSync(join(RECORDS, version), join(scratch.path, version), { recursive: true });
    const nights = await withHistory(scratch.path, (history) => cellHistories(history, { last: 9 }));
    const outcomes = nights.map(({ cell, nights: [night] }) => [cell, night?.outcome]);
    const expected = Object.entries(EXPECTED).map(([cell, [outcome]]) => [cell, outcome]);
    expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(expected));
  } finally {
    await scratch.remove();
  }
});

test.each(VERSIONS)('%s is judged again from its consoles, to the same verdicts', async (version) => {
  const again = await rejudge(await readRecord(join(RECORDS, version)));
  expect(again.filter(({ changed }) => changed)).toEqual([]);
  expect(
    Object.fromEntries(again.map(({ cell, now }) => [cell, [now.outcome, now.verdicts.join()]])),
  ).toEqual(EXPECTED);
});

test.each(VERSIONS)('%s can be packed, and merged into a record of today', async (version) => {
  const scratch = await makeScratch();
  try {
    const dir = join(scratch.path, version);
    cpSync(join(RECORDS, version), dir, { recursive: true });
    await writeBlob(dir, join(scratch.path, 'blob'), 'then');
    const merged = await mergeBlobs([join(scratch.path, 'blob')], join(scratch.path, 'results'));
    const now = await readRecord(merged.dir);
    expect(now.version).toBe(RECORD_VERSION);
    expect(now.problems).toEqual([]);
    const cells = (record: Parameters<typeof normalise>[0]): unknown =>
      (normalise(record) as { cells: unknown }).cells;
    expect(cells(now)).toEqual(cells(await readRecord(dir)));
    const console = 'cells/built-6.1.tcg.deterministic/boot-1/console.log';
    expect(readFileSync(join(merged.dir, console)).equals(readFileSync(join(dir, console)))).toBe(true);
  } finally {
    await scratch.remove();
  }
});
