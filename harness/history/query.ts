/** Questions to the history. */
import type { SQLInputValue } from 'node:sqlite';
import { globTest } from '../base/glob.ts';
import { type Rate, rateOf } from '../base/rate.ts';
import type { Outcome } from '../verdict/types.ts';
import { SEPARATOR } from './insert.ts';
import type { History } from './open.ts';
import { inSnapshot } from './schema.ts';
import type { CellChange, CellHistory, HistoryQuery, Night } from './types.ts';

interface CellRow {
  readonly id: number;
  readonly matrix: string;
  readonly cell: string;
  readonly kernel: string;
}
type Result = Pick<Night, 'outcome' | 'lost' | 'verdicts' | 'current'>;
type Kernel = Pick<Night, 'kernelRelease' | 'kernelSha256'>;
type Run = Pick<Night, 'run' | 'at' | 'qemu' | 'hostCpu'>;

/** Cells with their last nights, by matrix and name. Cells without a night in question are left out. */
export function cellHistories(history: History, query: HistoryQuery): CellHistory[] {
  return inSnapshot(history.database, () => {
    const nightsOf = nightReader(history, query);
    return cellsOf(history, query).flatMap(({ id, matrix, cell, kernel }) => {
      const nights = nightsOf(id);
      if (nights.length === 0) return [];
      return [{ matrix, cell, kernel, nights, flaky: flakeRate(nights), changed: lastChange(nights) }];
    });
  });
}

function cellsOf({ database }: History, { cells = [], kernel, matrix }: HistoryQuery): CellRow[] {
  const rows = database
    .prepare('SELECT id, matrix, cell, kernel FROM cells ORDER BY matrix, cell')
    .all() as unknown as CellRow[];
  const isWanted = cells.map(globTest);
  const isKernel = kernel === undefined ? () => true : globTest(kernel);
  return rows.filter(
    (row) =>
      (isWanted.length === 0 || isWanted.some((test) => test(row.cell))) &&
      isKernel(row.kernel) &&
      (matrix === undefined || matrix === row.matrix),
  );
}

/** What many nights share is read once and not made anew for each of them. */
function nightReader(
  { database }: History,
  { last, until }: Pick<HistoryQuery, 'last' | 'until'>,
): (cellId: number) => Night[] {
  const table = <T>(sql: string): Map<number, T> =>
    new Map(
      database
        .prepare(sql)
        .all()
        .map((row) => [Number(row.id), row as T]),
    );
  const runs = table<Run>('SELECT id, run, at, qemu, host_cpu AS hostCpu FROM runs');
  const kernels = table<Kernel>('SELECT id, release AS kernelRelease, sha256 AS kernelSha256 FROM kernels');
  const results = new Map<number, Result>();
  for (const row of database.prepare('SELECT id, outcome, lost, verdicts, current FROM results').all()) {
    results.set(Number(row.id), {
      outcome: row.outcome as Outcome,
      lost: row.lost === 1,
      verdicts: words(row.verdicts),
      current: words(row.current),
    });
  }
  const nights = database.prepare(
    `SELECT run_id, result_id, kernel_id, boots, wall_ms, clock_ns, clock_ppm FROM nights
     WHERE cell_id = ? AND at_ms <= ? AND run_id NOT IN (${HIDDEN})
     ORDER BY at_ms DESC, run_id DESC LIMIT ?`,
  );
  nights.setReturnArrays(true);
  const untilMs = until === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(until);
  return (cellId) => {
    const rows = nights.all(cellId, untilMs, last) as unknown as SQLInputValue[][];
    return rows.map((row): Night => {
      const [runId, resultId, kernelId, boots, wallMs, clockNs, clockPpm] = row as [
        number,
        number,
        number | null,
        number,
        number,
        number | null,
        number | null,
      ];
      const { run, at, qemu, hostCpu } = runs.get(runId) as Run;
      const { outcome, lost, verdicts, current } = results.get(resultId) as Result;
      const kernel = kernelId === null ? undefined : kernels.get(kernelId);
      const { kernelRelease = null, kernelSha256 = null } = kernel ?? {};
      return {
        run,
        at,
        outcome,
        lost,
        verdicts,
        current,
        kernelRelease,
        kernelSha256,
        qemu,
        hostCpu,
        boots,
        wallMs,
        ...(clockNs === null ? {} : { clockNs }),
        ...(clockPpm === null ? {} : { clockPpm }),
      };
    });
  };
}

/** Runs whose nights another run has. */
export const HIDDEN = 'SELECT runs.id FROM runs JOIN merged ON merged.run = runs.run';

function words(text: unknown): readonly string[] {
  return text === '' ? [] : String(text).split(SEPARATOR);
}

/** Guests were judged: skipped, lost and failed nights say nothing about the cell. */
function isJudged({ outcome }: Night): boolean {
  return outcome === 'expected' || outcome === 'unexpected' || outcome === 'flaky';
}

export function resultText({ outcome, verdicts }: Night): string {
  if (verdicts.length < 2) return verdicts.length === 0 ? outcome : `${outcome} ${verdicts[0]}`;
  return `${outcome} ${[...new Set(verdicts)].toSorted().join('/')}`;
}

/** The judged nights, each with what it came to and whether it stands alone. */
function judgedNights(newestFirst: readonly Night[]): { night: Night; text: string; isAlone: boolean }[] {
  const judged = newestFirst.filter(isJudged);
  const texts = judged.map(resultText);
  return judged.map((night, i) => {
    const [before, after] = [judged[i + 1], judged[i - 1]];
    const isAlone =
      before?.kernelSha256 === night.kernelSha256 &&
      after?.kernelSha256 === night.kernelSha256 &&
      texts[i + 1] === texts[i - 1] &&
      texts[i] !== texts[i - 1];
    return { night, text: texts[i] ?? '', isAlone };
  });
}

/**
 * A night is a flake if the boots of its cell differed, or if its result is other than on the judged nights
 * just before and after it, which agree, all three with the same kernel image. A change that stays is none.
 */
export function flakeRate(newestFirst: readonly Night[]): Rate {
  const judged = judgedNights(newestFirst);
  const flakes = judged.filter(({ night, isAlone }) => night.outcome === 'flaky' || isAlone);
  return rateOf(flakes.length, judged.length);
}

/** The first night of what the cell is now, nights that stand alone left out; null if it was never anything else. */
export function lastChange(newestFirst: readonly Night[]): CellChange | null {
  const lasting = judgedNights(newestFirst).filter(({ isAlone }) => !isAlone);
  const [now] = lasting;
  if (now === undefined) return null;
  const at = lasting.findIndex(({ text }) => text !== now.text);
  const [before, first] = [lasting[at]?.night, lasting[at - 1]?.night];
  if (before === undefined || first === undefined) return null;
  const inputs = (
    [
      ['kernel', before.kernelSha256 !== first.kernelSha256],
      ['qemu', before.qemu !== first.qemu],
      ['host', before.hostCpu !== first.hostCpu],
    ] as const
  ).flatMap(([input, differs]) => (differs ? [input] : []));
  return {
    run: first.run,
    at: first.at,
    before: resultText(before),
    after: resultText(first),
    inputs,
  };
}
