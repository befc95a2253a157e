/**
 * node scripts/bench-history.ts [NIGHTS [CELLS]]: a year of nights of 1,000 cells, filled and queried. The records are
 * made up from a seed, in the form in which the record's writer leaves them, one log for each night.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectedDurations } from '../harness/history/durations.ts';
import { HISTORY_FILE, type History, openHistory, withHistory } from '../harness/history/open.ts';
import { cellHistories } from '../harness/history/query.ts';
import { syntheticNights } from './synthetic-nights.ts';

const [NIGHTS = 365, CELLS = 1000] = process.argv.slice(2).map(Number);
const SEED = 1;
const MIB = 1024 * 1024;

async function timed<T>(work: () => Promise<T> | T): Promise<{ readonly ms: number; readonly value: T }> {
  const start = performance.now();
  const value = await work();
  return { ms: performance.now() - start, value };
}

/** The median of some turns, each with the database opened and held against the records anew. */
async function asked(
  results: string,
  name: string,
  barMs: number,
  ask: (history: History) => number,
): Promise<void> {
  const times: number[] = [];
  const cpuTimes: number[] = [];
  let found = 0;
  for (let i = 0; i < 7; i++) {
    const before = process.cpuUsage();
    const { ms } = await timed(() =>
      withHistory(results, (history) => {
        found = ask(history);
      }),
    );
    times.push(ms);
    const { user, system } = process.cpuUsage(before);
    cpuTimes.push((user + system) / 1000);
  }
  const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[3] ?? 0;
  const ms = median(times);
  // What the CPUs spent does not depend on who else uses them.
  const figures = `${`${ms.toFixed(0)} ms`.padStart(9)}, CPU ${`${median(cpuTimes).toFixed(0)} ms`.padStart(7)}`;
  console.log(
    `${ms < barMs ? 'ok  ' : 'OVER'}  ${`${name} (${found})`.padEnd(55)} ${figures}   bar ${barMs} ms`,
  );
}

const folder = await mkdtemp(join(tmpdir(), 'tscmatrix-bench-history-'));
try {
  console.log(`load ${loadavg()[0]?.toFixed(2)} before the start, ${cpus().length} CPUs`);
  let bytes = 0;
  const hash = createHash('sha256');
  const made = await timed(async () => {
    for (const { run, log } of syntheticNights(SEED, NIGHTS, CELLS)) {
      await mkdir(join(folder, run));
      await writeFile(join(folder, run, 'events.jsonl'), log);
      hash.update(log);
      bytes += Buffer.byteLength(log);
    }
  });
  console.log(
    `      ${NIGHTS} records of ${CELLS} cells made in ${(made.ms / 1000).toFixed(0)} s: ${(bytes / MIB).toFixed(0)} MiB, sha256 ${hash.digest('hex').slice(0, 12)}`,
  );
  const filled = await timed(() => openHistory(folder));
  filled.value.close();
  if (filled.value.filled.read !== NIGHTS || filled.value.filled.unusable.length > 0)
    throw new Error('not every record was read');
  const perNight = filled.ms / NIGHTS;
  const { size } = await stat(join(folder, HISTORY_FILE));
  console.log(
    `      filled from nothing in ${(filled.ms / 1000).toFixed(1)} s, ${perNight.toFixed(0)} ms a night, ${((NIGHTS * CELLS) / filled.ms).toFixed(0)} cell nights a ms; ${(size / MIB).toFixed(1)} MiB`,
  );
  await asked(folder, 'open, hold against the records, ask nothing', 1000, () => 0);
  await asked(folder, 'every cell, the last 30 nights', 1000, (history) => {
    return cellHistories(history, { last: 30 }).length;
  });
  await asked(folder, 'every cell, the whole year', 1000, (history) => {
    return cellHistories(history, { last: NIGHTS }).length;
  });
  await asked(folder, 'one cell, the whole year', 1000, (history) => {
    const cells = ['kernel-0.tcg.deterministic.smp=1'];
    return cellHistories(history, { matrix: 'nightly', cells, last: NIGHTS }).length;
  });
  await asked(folder, 'expected durations of every cell', 1000, (history) => {
    const cells = cellHistories(history, { last: 1 }).map(({ cell, kernel }) => ({
      id: cell,
      kernel,
      topology: 'tcg',
      clock: 'deterministic',
    }));
    return expectedDurations(history, cells).size;
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
