/** Runs a plan: kernels, guests, verdicts, record. Each step is a few lines; teardown is queued before a step starts. */
import { join } from 'node:path';
import { chooseAccelerator } from '../guest/accelerator.ts';
import type { Limits } from '../guest/limits.ts';
import { EXIT, HostError, UserError } from '../host/errors.ts';
import { removeStaleScratch } from '../host/scratch.ts';
import { BuildError } from '../kernel/acquire.ts';
import type { Cell, Plan } from '../plan/types.ts';
import { gatherProvenance, hostNoted } from '../record/provenance.ts';
import { RECORD_VERSION, type RunEvent } from '../record/types.ts';
import { openRecord } from '../record/writer.ts';
import { multiplex } from '../report/multiplexer.ts';
import type { Reporter } from '../report/reporter.ts';
import { judgeCell, judgeUnbuilt } from '../verdict/outcome.ts';
import type { Outcome } from '../verdict/types.ts';
import { type Bench, type BootResult, bootCell, launchOf } from './boot-cell.ts';
import { makeReady } from './make-ready.ts';
import { needQemu } from './need-qemu.ts';
import { defaultJobs, runInParallel, together } from './schedule.ts';
import { measureHostTsc } from './true-frequency.ts';

export interface RunOptions {
  readonly resultsDir: string;
  readonly qemu: string;
  /** Null: what CPUs and memory allow. */
  readonly jobs: number | null;
  readonly repeat: number;
  readonly timeoutS: number;
  readonly filters: readonly string[];
  readonly limits?: Partial<Limits>;
  readonly refresh?: boolean;
}

export interface RunResult {
  readonly run: string;
  readonly dir: string;
  readonly exitCode: number;
  readonly counts: Readonly<Record<Outcome, number>>;
}

function kernelFailed(kernel: string, error: unknown): RunEvent {
  const message = error instanceof Error ? error.message : String(error);
  const known = error instanceof UserError || error instanceof HostError || error instanceof BuildError;
  const hint = known ? error.hint : undefined;
  return { type: 'kernel-failed', kernel, message, ...(hint === undefined ? {} : { hint }) };
}

/** Worst first: a finding about a kernel counts for more than a fault of this host beside it. */
export function exitCodeOf(counts: Readonly<Record<Outcome, number>>, interrupted: boolean): number {
  if (interrupted) return EXIT.interrupted;
  if (counts.unexpected + counts.flaky > 0) return EXIT.unexpected;
  if (counts['infra-error'] > 0) return EXIT.infrastructure;
  // All skipped: nothing was found out.
  if (counts.skipped > 0 && counts.expected === 0) return EXIT.infrastructure;
  return EXIT.ok;
}

/**
 * Runs every cell of the plan. What goes wrong with a guest is in the record; throws UserError where a kernel or
 * the results folder is not usable, HostError where this host cannot run guests at all. What was recorded before
 * stays readable.
 */
export async function runPlan(
  plan: Plan,
  options: RunOptions,
  reporters: readonly Reporter[],
  signal: AbortSignal,
): Promise<RunResult> {
  await removeStaleScratch();
  await needQemu(options.qemu);
  const record = await openRecord(options.resultsDir, plan.name);
  const reporter = multiplex(reporters);
  const counts: Record<Outcome, number> = {
    expected: 0,
    unexpected: 0,
    flaky: 0,
    skipped: 0,
    'infra-error': 0,
  };
  const emit = async (event: RunEvent): Promise<void> => reporter.event(await record.append(event));
  const largestMiB = Math.max(...plan.cells.map((cell) => cell.guest.memoryMiB));
  const jobs = options.jobs ?? defaultJobs(largestMiB);

  const judge = async (
    cell: Cell,
    outcome: Outcome,
    reason: string,
    results: readonly BootResult[],
  ): Promise<void> => {
    counts[outcome]++;
    const verdicts = results.map((result) => result.observation.verdict);
    await emit({ type: 'cell-judged', cell: cell.id, outcome, reason, verdicts });
  };

  const bootAll = async (): Promise<void> => {
    const [ready, hostFrequency] = await together(
      signal,
      (either) =>
        makeReady(plan, {
          qemu: options.qemu,
          signal: either,
          refresh: options.refresh === true,
          onProgress: (kernel, text) => reporter.progress({ type: 'kernel-progress', kernel, text }),
          onKernel: ({ name }, { path, sha256, release, origin, cached }) =>
            emit({ type: 'kernel-ready', kernel: name, path, sha256, release, origin, cached }),
          onFailure: ({ name }, error) => emit(kernelFailed(name, error)),
        }),
      measureHostTsc,
    );
    const { kernels } = ready;
    const bench: Bench = {
      ...ready,
      hostFrequency,
      limits: { deadlineMs: options.timeoutS * 1000, ...options.limits },
      record,
      emit,
      progress: reporter.progress,
      signal,
    };
    const provenance = await gatherProvenance({
      qemu: options.qemu,
      matrix: { name: plan.name, path: plan.matrixPath, sha256: plan.matrixSha256 },
      kernels: [...kernels].flatMap(([name, kernel]) =>
        kernel instanceof Error ? [] : [{ ...kernel, name }],
      ),
      initramfs: ready.initrdPath,
    });
    await record.writeFile('provenance.json', `${JSON.stringify(provenance, null, 2)}\n`);
    await emit(hostNoted(provenance));

    await runInParallel(plan.cells, jobs, async (cell) => {
      if (signal.aborted) return;
      const kernel = kernels.get(cell.kernel);
      if (kernel instanceof BuildError) {
        const { outcome, reason } = judgeUnbuilt(kernel.message, cell.expectation);
        counts[outcome]++;
        await emit({ type: 'cell-judged', cell: cell.id, outcome, reason, verdicts: ['build-failed'] });
        return;
      }
      if (kernel === undefined || kernel instanceof HostError) {
        await judge(
          cell,
          'infra-error',
          `there is no kernel: ${kernel?.message ?? 'it was not fetched'}`,
          [],
        );
        return;
      }
      const launch = launchOf(cell, kernel.path, bench);
      if (launch === null) {
        const { reason } = chooseAccelerator(cell.guest.topology, cell.guest.clock, bench.trial);
        await judge(cell, 'skipped', reason, []);
        return;
      }
      const results: BootResult[] = [];
      for (let boot = 1; boot <= options.repeat && !signal.aborted; boot++) {
        results.push(await bootCell(bench, cell, boot, launch));
      }
      if (signal.aborted) return;
      const { outcome, reason } = judgeCell(results, cell.expectation);
      await judge(cell, outcome, reason, results);
    });
  };

  try {
    await emit({
      type: 'run-started',
      version: RECORD_VERSION,
      run: record.run,
      at: new Date().toISOString(),
      matrix: { name: plan.name, path: plan.matrixPath, sha256: plan.matrixSha256 },
      options: { jobs, repeat: options.repeat, timeoutS: options.timeoutS, filters: options.filters },
    });
    for (const cell of plan.cells) await emit({ type: 'cell-planned', cell });

    // What an interruption breaks off is no fault: the record ends in order, and says so.
    await bootAll().catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });

    const exitCode = exitCodeOf(counts, signal.aborted);
    await emit({
      type: 'run-finished',
      at: new Date().toISOString(),
      interrupted: signal.aborted,
      counts,
      exitCode,
    });
    return { run: record.run, dir: join(options.resultsDir, record.run), exitCode, counts };
  } finally {
    await reporter.close();
    await record.close();
  }
}
