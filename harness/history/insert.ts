/** Puts one record into the tables, or takes it out. To be called within a transaction. */
import type { DatabaseSync } from 'node:sqlite';
import type { RunRecord } from '../record/reader.ts';
import { type CellView, resultOf } from '../record/run-view.ts';
import type { CellFinished } from '../record/types.ts';
import { ownCall } from '../verdict/clock.ts';

/** Between verdicts, and between clocksources, in one column. */
export const SEPARATOR = ' ';

export function removeRun(database: DatabaseSync, run: string): void {
  const id = database.prepare('SELECT id FROM runs WHERE run = ?').get(run)?.id;
  if (id === undefined) return;
  for (const sql of [
    'DELETE FROM nights WHERE run_id = ?',
    'DELETE FROM merged WHERE into_id = ?',
    'DELETE FROM runs WHERE id = ?',
  ]) {
    database.prepare(sql).run(id);
  }
}

export function insertUnusable(database: DatabaseSync, run: string, stamp: string, why: string): void {
  database
    .prepare("INSERT INTO runs (run, matrix, at, log_stamp, unusable) VALUES (?, '', '', ?, ?)")
    .run(run, stamp, why);
}

/** `run` is the folder's name, which is what people and links go by. */
export function insertRun(database: DatabaseSync, record: RunRecord, run: string, stamp: string): void {
  const { view, provenance } = record;
  const matrix = view.started?.matrix.name ?? '';
  const at = view.started?.at ?? '';
  const { lastInsertRowid: runId } = database
    .prepare(
      'INSERT INTO runs (run, matrix, at, exit_code, qemu, host_cpu, log_stamp) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    .run(
      run,
      matrix,
      at,
      view.finished?.exitCode ?? null,
      view.host?.qemuVersion ?? provenance?.qemu.version.value ?? null,
      view.host?.cpu ?? provenance?.host.cpu.value ?? null,
      stamp,
    );
  const merged = database.prepare('INSERT OR IGNORE INTO merged (run, into_id) VALUES (?, ?)');
  for (const part of view.merged?.parts ?? []) merged.run(part.run, runId);

  const cellId = lookUp(database, 'cells', ['matrix', 'cell'], ['kernel', 'topology', 'clock']);
  const resultId = lookUp(database, 'results', ['outcome', 'lost', 'verdicts', 'current']);
  const kernelId = lookUp(database, 'kernels', ['release', 'sha256']);
  const night = database.prepare(
    'INSERT INTO nights (cell_id, at_ms, run_id, result_id, kernel_id, boots, wall_ms, clock_ns, clock_ppm) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  for (const cell of view.cells.values()) {
    const { id, kernel, guest } = cell.cell;
    const ready = view.kernels.get(kernel)?.ready ?? null;
    const finished = cell.boots.flatMap((boot) => boot.finished ?? []);
    night.run(
      cellId(matrix, id, kernel, guest.topology, guest.clock),
      Date.parse(at),
      runId,
      resultId(...resultColumns(cell)),
      ready === null ? null : kernelId(ready.release.split(' ')[0] ?? '', ready.sha256),
      finished.length,
      Math.round(finished.reduce((sum, { wallMs }) => sum + wallMs, 0)),
      ...clockColumns(finished),
    );
  }
}

function resultColumns(cell: CellView): [string, number, string, string] {
  const { outcome, lost } = resultOf(cell);
  const observed = cell.boots.flatMap(({ finished }) => finished?.observation ?? []);
  const verdicts =
    observed.length > 0 ? observed.map(({ verdict }) => verdict) : (cell.judged?.verdicts ?? []);
  const current = [...new Set(observed.flatMap((one) => one.current ?? []))].toSorted();
  return [outcome, lost ? 1 : 0, verdicts.join(SEPARATOR), current.join(SEPARATOR)];
}

function clockColumns(finished: readonly CellFinished[]): [number | null, number | null] {
  const clocks = finished.flatMap(({ observation }) => observation.clock ?? []);
  const calls = clocks.flatMap((clock) => ownCall(clock)?.ns ?? []);
  const rates = clocks
    .flatMap(({ rates }) => rates.map(({ ppm }) => ppm))
    .toSorted((a, b) => Math.abs(b) - Math.abs(a));
  return [calls.length === 0 ? null : Math.max(...calls), rates[0] ?? null];
}

type Value = string | number;

/** Gives the id of a row by its key, which it inserts with the further columns if there is none. */
function lookUp(
  database: DatabaseSync,
  table: string,
  key: readonly string[],
  further: readonly string[] = [],
): (...values: Value[]) => number | bigint {
  const columns = [...key, ...further];
  const insert = database.prepare(
    `INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  const select = database.prepare(
    `SELECT id FROM ${table} WHERE ${key.map((name) => `${name} = ?`).join(' AND ')}`,
  );
  const seen = new Map<string, number | bigint>();
  return (...values) => {
    const own = values.slice(0, key.length);
    const text = JSON.stringify(own);
    let id = seen.get(text);
    if (id === undefined) {
      id = select.get(...own)?.id as number | undefined;
      id ??= insert.run(...values).lastInsertRowid;
      seen.set(text, id);
    }
    return id;
  };
}
