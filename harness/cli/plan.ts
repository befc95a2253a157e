/** `tscmatrix plan`: the cells, their ids and expectations, and on demand their exact command lines. */
import { chooseAccelerator } from '../guest/accelerator.ts';
import { shellCommand } from '../guest/shell.ts';
import { EXIT } from '../host/errors.ts';
import { loadMatrix } from '../matrix/load.ts';
import type { Expectation } from '../matrix/types.ts';
import { makePlan } from '../plan/expand.ts';
import type { Cell, Plan } from '../plan/types.ts';
import { launchOf } from '../run/boot-cell.ts';
import type { Ready } from '../run/make-ready.ts';
import { warnAbout } from './warnings.ts';

export interface PlanFlags {
  readonly filter: readonly string[];
  readonly command?: boolean;
  readonly qemu: string;
  readonly json?: boolean;
}

function expectationText(expectation: Expectation): string {
  const parts = [expectation.registration.join(' or ')];
  if (expectation.current !== undefined) parts.push(`current ${expectation.current.join(' or ')}`);
  if (expectation.accuracyPpm !== undefined) parts.push(`within ${expectation.accuracyPpm} ppm`);
  return parts.join(', ');
}

/** The command line, or why there is none. */
function commandOf(cell: Cell, ready: Ready): { readonly command: string | null; readonly reason: string } {
  const kernel = ready.kernels.get(cell.kernel);
  if (kernel === undefined || kernel instanceof Error) {
    return { command: null, reason: `there is no kernel: ${kernel?.message ?? 'it was not fetched'}` };
  }
  const launch = launchOf(cell, kernel.path, ready);
  const { reason } = chooseAccelerator(cell.guest.topology, cell.guest.clock, ready.trial);
  return { command: launch === null ? null : shellCommand(launch), reason };
}

function cellText(cell: Cell, ready: Ready | null): string {
  if (ready === null) return `${cell.id}\t${expectationText(cell.expectation)}\n`;
  const { command, reason } = commandOf(cell, ready);
  return `# ${cell.id}\n# ${reason}\n${command ?? '# not possible here'}\n\n`;
}

function printText(plan: Plan, ready: Ready | null): void {
  // One write: a hundred thousand take longer than the plan.
  process.stdout.write(plan.cells.map((cell) => cellText(cell, ready)).join(''));
  const kernels = plan.kernels.length;
  process.stderr.write(
    `tscmatrix: ${plan.cells.length} cells, ${kernels} kernel${kernels === 1 ? '' : 's'}\n`,
  );
}

function printJson(plan: Plan, ready: Ready | null): void {
  const cells = plan.cells.map((cell) => (ready === null ? cell : { ...cell, ...commandOf(cell, ready) }));
  const { name, matrixPath, matrixSha256, kernels } = plan;
  process.stdout.write(`${JSON.stringify({ name, matrixPath, matrixSha256, kernels, cells }, null, 2)}\n`);
}

export async function planCommand(path: string, flags: PlanFlags, signal: AbortSignal): Promise<number> {
  const plan = makePlan(await loadMatrix(path), flags.filter);
  warnAbout(plan);
  const say = (kernel: string, text: string): void =>
    void process.stderr.write(`tscmatrix: ${kernel}: ${text}\n`);
  const ready =
    flags.command === true
      ? await (await import('../run/make-ready.ts')).makeReady(plan, {
          qemu: flags.qemu,
          signal,
          onProgress: say,
        })
      : null;
  if (flags.json === true) printJson(plan, ready);
  else printText(plan, ready);
  return EXIT.ok;
}
