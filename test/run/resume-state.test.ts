// What counts of a run that was cut off: told from the record alone, nothing is booted.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeScratch, type Scratch } from '../../harness/host/scratch.ts';
import { readRecord } from '../../harness/record/reader.ts';
import { progressOf, removeHalfDone, resultsOf } from '../../harness/run/resume-state.ts';

const V1 = join(import.meta.dirname, '..', 'captures', 'records', 'v1');

interface Line {
  readonly type: string;
  readonly cell?: string | { readonly id: string };
}

let scratch: Scratch;
let dir: string;
let lines: string[];
beforeEach(async () => {
  scratch = await makeScratch();
  dir = join(scratch.path, 'run');
  cpSync(V1, dir, { recursive: true });
  lines = readFileSync(join(dir, 'events.jsonl'), 'utf8').trimEnd().split('\n');
});
afterEach(() => scratch.remove());

const cut = (keep: readonly string[]): void =>
  writeFileSync(join(dir, 'events.jsonl'), `${keep.join('\n')}\n`);

test('cut after any event: what was judged is done, what had finished is kept, what had begun is done again', async () => {
  const plan = [...(await readRecord(V1)).view.cells.values()].map(({ cell }) => cell);
  for (let n = 1; n <= lines.length; n++) {
    cut(lines.slice(0, n));
    const events = lines.slice(0, n).map((line) => JSON.parse(line) as Line);
    const of = (type: string): unknown[] =>
      events.filter((event) => event.type === type).map(({ cell }) => cell);
    const judged = new Set(of('cell-judged'));
    const finished = of('cell-finished');
    const { open, kept, again } = await progressOf(await readRecord(dir), plan);
    expect(open).toEqual(plan.filter(({ id }) => !judged.has(id)));
    expect([...kept].flatMap(([id, boots]) => boots.map(() => id)).sort()).toEqual(
      finished.filter((id) => !judged.has(id)).sort(),
    );
    expect(again.map(({ cell }) => cell).sort()).toEqual(
      of('cell-started')
        .filter((id) => !finished.includes(id))
        .sort(),
    );
  }
});

test.each([
  ['boot.json', (path: string) => truncateSync(path, 10)],
  ['boot.json', (path: string) => rmSync(path)],
  ['evidence.json', (path: string) => truncateSync(path, 0)],
  ['console.log', (path: string) => rmSync(path)],
] as const)('a finished boot that lost its %s is done again, and its cell with it', async (file, spoil) => {
  const record = await readRecord(dir);
  const cells = [...record.view.cells.values()].map(({ cell }) => cell);
  expect((await progressOf(record, cells)).open).toEqual([]);
  const cell = cells[0]?.id ?? '';
  spoil(join(dir, 'cells', cell, 'boot-1', file));
  const progress = await progressOf(record, cells);
  expect(progress.open.map(({ id }) => id)).toEqual([cell]);
  expect(progress.again).toEqual([{ cell, boot: 1 }]);
});

test('a boot that the interruption broke off does not count, though it has an end in the log', async () => {
  const at = lines.findIndex((line) => line.includes('"cell-finished"'));
  const event = JSON.parse(lines[at] ?? '');
  event.ending = { kind: 'host-fault', code: 'interrupted', detail: 'the run was interrupted' };
  cut(lines.slice(0, at).concat(JSON.stringify(event)));
  const record = await readRecord(dir);
  const progress = await progressOf(
    record,
    [...record.view.cells.values()].map(({ cell }) => cell),
  );
  expect(progress.again).toContainEqual({ cell: event.cell, boot: 1 });
  expect(progress.kept.get(event.cell)).toEqual([]);
});

test('only what half-done boots left is removed, and nothing outside of the run', async () => {
  cut(lines.filter((line) => !line.includes('"cell-judged"')).slice(0, -2));
  const record = await readRecord(dir);
  const cells = [...record.view.cells.values()].map(({ cell }) => cell);
  const [first, second] = cells as [(typeof cells)[0], (typeof cells)[0]];
  const progress = await progressOf(record, cells);
  mkdirSync(join(dir, 'cells', first.id, 'boot-2'));
  writeFileSync(join(dir, 'cells', first.id, 'boot-2', 'console.log'), 'half');
  mkdirSync(join(scratch.path, 'outside', 'boot-1'), { recursive: true });
  await removeHalfDone(dir, { ...progress, open: [...cells, { ...second, id: '../../outside' }] }, 2);
  expect(existsSync(join(dir, 'cells', first.id, 'boot-1', 'console.log'))).toBe(true);
  expect(existsSync(join(dir, 'cells', first.id, 'boot-2'))).toBe(false);
  expect(existsSync(join(scratch.path, 'outside', 'boot-1'))).toBe(true);
});

test('a boot that is kept has the observation of then, and the log of its console', async () => {
  const { view } = await readRecord(dir);
  const [cell] = view.cells.values();
  const finished = cell?.boots[0]?.finished;
  if (!finished) throw new Error('the capture has no finished boot first');
  const result = (await resultsOf(dir, [finished])).get(1);
  expect(result?.observation).toEqual(finished.observation);
  expect(result?.log).toMatch(/^\[ {4}0\.000000\] Linux version 6\.1\.176/m);
});
