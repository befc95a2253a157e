/** `tscmatrix plan`: the cells, their ids and expectations, and on demand their exact command lines. */

import { EXIT, UserError } from '../base/errors.ts';
import { block, json, oneLine } from '../base/safe-text.ts';
import { expectedDurations } from '../history/durations.ts';
import { withHistory } from '../history/open.ts';
import type { Ready } from '../lab/make-ready.ts';
import { loadMatrix } from '../matrix/load.ts';
import type { Expectation } from '../matrix/types.ts';
import { DURATIONS_VERSION } from '../plan/durations.ts';
import { makePlan } from '../plan/expand.ts';
import type { Cell, Plan } from '../plan/types.ts';
import { commandOf, commandText, isComplete } from './command-text.ts';
import { warnAbout } from './warnings.ts';

export interface PlanFlags {
  readonly filter: readonly string[];
  readonly command?: boolean;
  readonly durations?: boolean;
  readonly results: string;
  readonly refresh?: boolean;
  readonly qemu: string;
  readonly json?: boolean;
}

function expectationText(expectation: Expectation): string {
  const parts = [expectation.registration.join(' or ')];
  if (expectation.current !== undefined) parts.push(`current ${expectation.current.join(' or ')}`);
  if (expectation.accuracyPpm !== undefined) parts.push(`within ${expectation.accuracyPpm} ppm`);
  if (expectation.offByPpm !== undefined) parts.push(`wrong by at least ${expectation.offByPpm} ppm`);
  const { min, max } = expectation.reads ?? {};
  if (min !== undefined) parts.push(`at least ${min} reads`);
  if (max !== undefined) parts.push(`at most ${max} reads`);
  return parts.join(', ');
}

function cellText(cell: Cell, ready: Ready | null): string {
  if (ready === null) return `${cell.id}\t${expectationText(cell.expectation)}\n`;
  return commandText(cell, ready);
}

function printText(plan: Plan, ready: Ready | null): void {
  // One write: a hundred thousand take longer than the plan.
  process.stdout.write(plan.cells.map((cell) => block(cellText(cell, ready))).join(''));
  const kernels = plan.kernels.length;
  process.stderr.write(
    `tscmatrix: ${plan.cells.length} cells, ${kernels} kernel${kernels === 1 ? '' : 's'}\n`,
  );
}

function printJson(plan: Plan, ready: Ready | null): void {
  const cells = plan.cells.map((cell) => (ready === null ? cell : { ...cell, ...commandOf(cell, ready) }));
  const { name, matrixPath, matrixSha256, kernels } = plan;
  process.stdout.write(`${json({ name, matrixPath, matrixSha256, kernels, cells })}\n`);
}

/** What the recorded runs say of how long the cells take: the file of run's --durations. */
async function printDurations(plan: Plan, results: string): Promise<number> {
  const cells = plan.cells.map(({ id, kernel, guest: { topology, clock } }) => ({
    id,
    kernel,
    topology,
    clock,
  }));
  const expected = await withHistory(results, (history) => expectedDurations(history, cells));
  if (expected.size === 0)
    throw new UserError(
      `no run in ${results} says how long a guest takes`,
      'without --durations each kind has a default',
    );
  const known = [...expected].map(([id, { ms }]) => [id, Math.round(ms)] as const);
  process.stdout.write(`${json({ version: DURATIONS_VERSION, cells: Object.fromEntries(known) })}\n`);
  return EXIT.ok;
}

export async function planCommand(path: string, flags: PlanFlags, signal: AbortSignal): Promise<number> {
  const plan = makePlan(await loadMatrix(path), flags.filter);
  warnAbout(plan);
  if (flags.durations === true) return printDurations(plan, flags.results);
  const say = (kernel: string, text: string): void =>
    void process.stderr.write(`tscmatrix: ${oneLine(`${kernel}: ${text}`)}\n`);
  const ready =
    flags.command === true
      ? await (await import('../lab/make-ready.ts')).makeReady(plan, {
          qemu: flags.qemu,
          signal,
          refresh: flags.refresh === true,
          buildNothing: true,
          onProgress: say,
        })
      : null;
  if (flags.json === true) printJson(plan, ready);
  else printText(plan, ready);
  if (ready === null || isComplete(plan.cells, ready)) return EXIT.ok;
  for (const kernel of ready.kernels.values()) {
    if (!(kernel instanceof Error)) continue;
    // The name stands in front already.
    process.stderr.write(`tscmatrix: ${block(kernel.message)}\n`);
    if (kernel.hint !== undefined) process.stderr.write(`  hint: ${block(kernel.hint)}\n`);
  }
  return EXIT.infrastructure;
}
