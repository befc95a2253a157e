/** `tscmatrix plan`: the cells, their ids and expectations, and on demand their exact command lines. */
import { EXIT } from '../base/errors.ts';
import { block, json } from '../base/safe-text.ts';
import { durationsFile } from '../history/durations.ts';
import { commandOf, commandText, isComplete } from '../lab/command-text.ts';
import { skippedEverywhere } from '../lab/machine.ts';
import type { Ready } from '../lab/make-ready.ts';
import { loadMatrix } from '../matrix/load.ts';
import { makePlan } from '../plan/expand.ts';
import { expectationText } from '../plan/expectations.ts';
import type { Cell, Plan } from '../plan/types.ts';
import { say, sayFault } from './say.ts';
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

function cellText(cell: Cell, ready: Ready | null): string {
  const skipped = skippedEverywhere(cell.guest);
  const more = skipped === null ? '' : `\tskipped: ${skipped}`;
  if (ready === null) return `${cell.id}\t${expectationText(cell.expectation)}${more}\n`;
  return commandText(cell, ready);
}

function printText(plan: Plan, ready: Ready | null): void {
  // One write: a hundred thousand take longer than the plan.
  process.stdout.write(plan.cells.map((cell) => block(cellText(cell, ready))).join(''));
  const kernels = plan.kernels.length;
  say(`${plan.cells.length} cells, ${kernels} kernel${kernels === 1 ? '' : 's'}`);
}

function printJson(plan: Plan, ready: Ready | null): void {
  const cells = plan.cells.map((cell) => (ready === null ? cell : { ...cell, ...commandOf(cell, ready) }));
  const { name, matrixPath, matrixSha256, kernels } = plan;
  process.stdout.write(`${json({ name, matrixPath, matrixSha256, kernels, cells })}\n`);
}

export async function planCommand(path: string, flags: PlanFlags): Promise<number> {
  const plan = makePlan(await loadMatrix(path), flags.filter);
  warnAbout(plan);
  if (flags.durations === true) {
    process.stdout.write(`${json(await durationsFile(plan, flags.results))}\n`);
    return EXIT.ok;
  }
  const ready =
    flags.command === true
      ? await (await import('../lab/make-ready.ts')).makeReady(plan, {
          qemu: flags.qemu,
          refresh: flags.refresh === true,
          buildNothing: true,
          onProgress: (kernel, text) => say(`${kernel}: ${text}`),
        })
      : null;
  if (flags.json === true) printJson(plan, ready);
  else printText(plan, ready);
  if (ready === null || isComplete(plan.cells, ready)) return EXIT.ok;
  for (const kernel of ready.kernels.values()) {
    // The name stands in front already.
    if (kernel instanceof Error) sayFault(kernel);
  }
  return EXIT.hostFault;
}
