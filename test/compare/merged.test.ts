// Of a merged run each cell has the host that it ran on.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compareRuns } from '../../harness/compare/compare.ts';
import { readCompared } from '../../harness/compare/places.ts';
import type { CellSpec } from './runs.ts';
import { sha, writeRun } from './runs.ts';

let results: string;
beforeEach(async () => {
  results = await mkdtemp(join(tmpdir(), 'compare-test-'));
});
afterEach(() => rm(results, { recursive: true, force: true }));

const CELLS: readonly CellSpec[] = ['a', 'b'].map((kernel) => ({ kernel, guest: { clock: 'real' } }));

/** A run of two cells as merging two shards leaves it: each cell of a host of its own. */
async function writeMerged(
  at: string,
  hosts: readonly string[],
  cells: readonly CellSpec[],
): Promise<string> {
  const dir = await writeRun(results, { at, cells });
  const provenance = JSON.parse(await readFile(join(dir, 'provenance.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const parts: unknown[] = [];
  for (const [i, cpu] of hosts.entries()) {
    const name = `provenance-host-${i}.json`;
    const host = { ...(provenance.host as object), cpu: { value: cpu } };
    await writeFile(join(dir, name), JSON.stringify({ ...provenance, host }));
    parts.push({
      label: `host-${i}`,
      run: `shard-${i}`,
      startedAt: at,
      shard: null,
      provenance: name,
      logSha256: sha(cpu),
    });
  }
  await rm(join(dir, 'provenance.json'));
  const log = join(dir, 'events.jsonl');
  const events = (await readFile(log, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const hostOf = (cell: unknown): string => `host-${String(cell).startsWith('a.') ? 0 : 1}`;
  const merged = events.flatMap((event) => {
    if (event.type === 'run-started') return [event, { type: 'run-merged', at, parts }];
    if (event.type === 'host-noted') {
      const noted = hosts.map((cpu, i) => ({ ...event, cpu, label: `host-${i}` }));
      return [...noted, { ...event, cpu: null }];
    }
    if (event.type === 'cell-started' || event.type === 'cell-finished')
      return [{ ...event, host: hostOf(event.cell) }];
    return [event];
  });
  await writeFile(log, merged.map((event, seq) => `${JSON.stringify({ ...event, seq })}\n`).join(''));
  return dir;
}

test('a change of one host is named at its own cells, and nowhere else', async () => {
  const before = await writeMerged('2026-01-31T02:00:00.000Z', ['EPYC', 'EPYC'], CELLS);
  const worse = CELLS.map((cell) => ({ ...cell, outcome: 'unexpected' as const }));
  const after = await writeMerged('2026-02-01T02:00:00.000Z', ['EPYC', 'Xeon'], worse);
  const all = compareRuns(await readCompared(before), await readCompared(after));
  expect(all.cells.map(({ kernel, change }) => `${kernel} ${change}`)).toEqual([
    'a regressed',
    'b not-comparable',
  ]);
  expect(all.cells[0]?.unknown).toEqual([]);
  expect(all.cells[1]?.inputs).toEqual([{ input: 'host', what: 'cpu', before: 'EPYC', after: 'Xeon' }]);
  expect(all.differences).toEqual([{ input: 'host', what: 'cpu', before: 'EPYC', after: 'EPYC / Xeon' }]);
});

test('a part whose provenance is named outside of the run is not known', async () => {
  const dir = await writeMerged('2026-01-31T02:00:00.000Z', ['EPYC', 'EPYC'], CELLS);
  const log = join(dir, 'events.jsonl');
  await writeFile(join(results, 'outside.json'), await readFile(join(dir, 'provenance-host-0.json')));
  await writeFile(log, (await readFile(log, 'utf8')).replace('provenance-host-0.json', '../outside.json'));
  const { parts } = await readCompared(dir);
  expect([...(parts?.keys() ?? [])]).toEqual(['host-1']);
});
