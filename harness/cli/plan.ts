/** `tscmatrix plan`: the cells, their ids and expectations, and on demand their exact command lines. */
import { EXIT } from '../base/errors.ts';
import { block, json } from '../base/safe-text.ts';
import { skippedEverywhere } from '../lab/machine.ts';
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

/** What is shown of a cell, and what else its JSON has. */
interface Shown {
  readonly text: (cell: Cell) => string;
  readonly more: (cell: Cell) => object;
}

const CELLS: Shown = {
  text(cell) {
    const skipped = skippedEverywhere(cell.guest);
    const more = skipped === null ? '' : `\tskipped: ${skipped}`;
    return `${cell.id}\t${expectationText(cell.expectation)}${more}\n`;
  },
  more: () => ({}),
};

function printText(plan: Plan, { text }: Shown): void {
  // One write: a hundred thousand take longer than the plan.
  process.stdout.write(plan.cells.map((cell) => block(text(cell))).join(''));
  const kernels = plan.kernels.length;
  say(`${plan.cells.length} cells, ${kernels} kernel${kernels === 1 ? '' : 's'}`);
}

function printJson(plan: Plan, { more }: Shown): void {
  const cells = plan.cells.map((cell) => ({ ...cell, ...more(cell) }));
  const { name, matrixPath, matrixSha256, kernels } = plan;
  process.stdout.write(`${json({ name, matrixPath, matrixSha256, kernels, cells })}\n`);
}

/** With --command: what fetches and looks up kernels is loaded for that alone. */
async function printCommands(plan: Plan, flags: PlanFlags): Promise<number> {
  const { commandOf, commandText, isComplete } = await import('../lab/command-text.ts');
  const { makeReady } = await import('../lab/make-ready.ts');
  const ready = await makeReady(plan, {
    qemu: flags.qemu,
    refresh: flags.refresh === true,
    buildNothing: true,
    onProgress: (kernel, text) => say(`${kernel}: ${text}`),
  });
  print(plan, flags, {
    text: (cell) => commandText(cell, ready),
    more: (cell) => commandOf(cell, ready),
  });
  if (isComplete(plan.cells, ready)) return EXIT.ok;
  for (const kernel of ready.kernels.values()) {
    // The name stands in front already.
    if (kernel instanceof Error) sayFault(kernel);
  }
  return EXIT.hostFault;
}

const print = (plan: Plan, flags: PlanFlags, shown: Shown): void =>
  flags.json === true ? printJson(plan, shown) : printText(plan, shown);

export async function planCommand(path: string, flags: PlanFlags): Promise<number> {
  const plan = makePlan(await loadMatrix(path), flags.filter);
  warnAbout(plan);
  if (flags.durations === true) {
    const { durationsFile } = await import('../history/durations.ts');
    process.stdout.write(`${json(await durationsFile(plan, flags.results))}\n`);
    return EXIT.ok;
  }
  if (flags.command === true) return printCommands(plan, flags);
  print(plan, flags, CELLS);
  return EXIT.ok;
}
