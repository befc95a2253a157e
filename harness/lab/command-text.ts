/** The exact command lines of a cell, and what they rest on, for `tscmatrix plan --command`. */
import { oneLine } from '../base/safe-text.ts';
import { innerCommand, shellCommand } from '../guest/launch/shell.ts';
import type { Launch } from '../guest/types.ts';
import type { Accelerator, Emulator } from '../matrix/accelerators.ts';
import type { Cell } from '../plan/types.ts';
import { launchOf, resolveMachine } from './machine.ts';
import { isNotBuilt, type Ready } from './make-ready.ts';

/** Of one cell. Its command is null if this host cannot run it, and `reason` says why. */
interface CellCommand {
  readonly command: string | null;
  /** Of a nested guest: what the appliance is told to run, in its own paths. */
  readonly guestCommand: string | null;
  readonly accelerator: Accelerator | null;
  readonly reason: string;
  readonly emulator: Emulator | null;
  readonly appliance: NonNullable<Launch['nested']>['appliance'] | null;
}

const NOTHING = { command: null, guestCommand: null, emulator: null, appliance: null } as const;

export function commandOf(cell: Cell, ready: Ready): CellCommand {
  const resolved = resolveMachine(cell.guest, ready);
  const decisions =
    resolved.kind === 'runnable' ? resolved.machine : resolved.kind === 'missing' ? resolved.decisions : null;
  const accelerator = decisions?.accelerator ?? null;
  const nothing = (reason: string): CellCommand => ({ ...NOTHING, accelerator, reason });
  const kernel = ready.kernels.get(cell.kernel);
  const isBuilt = !(kernel instanceof Error && isNotBuilt(kernel));
  if (kernel === undefined || (kernel instanceof Error && isBuilt))
    return nothing(`there is no kernel: ${kernel?.message ?? 'it was not fetched'}`);
  const kernelPath = kernel instanceof Error ? `<kernel of ${cell.kernel}, not built>` : kernel.path;
  if (resolved.kind === 'skipped') return nothing(resolved.reason);
  if (resolved.kind === 'missing') {
    const { message, hint } = resolved.fault;
    const how = hint === undefined ? '' : ` (${hint})`;
    const { acceleratorReason } = resolved.decisions;
    return nothing(`${acceleratorReason}; what it runs on could not be made here: ${message}${how}`);
  }
  const launch = launchOf(cell, resolved.machine, kernelPath, ready);
  return {
    command: shellCommand(launch),
    guestCommand: innerCommand(launch),
    accelerator: launch.accelerator,
    reason: launch.acceleratorReason,
    emulator: launch.emulator,
    appliance: launch.nested?.appliance ?? null,
  };
}

/** Whether a command is there for each cell that this host can run, with a kernel that is there. */
export function isComplete(cells: readonly Cell[], ready: Ready): boolean {
  return cells.every(
    (cell) =>
      !(ready.kernels.get(cell.kernel) instanceof Error) &&
      resolveMachine(cell.guest, ready).kind !== 'missing',
  );
}

/** Text that a POSIX shell takes; what only the appliance can run is a comment. */
export function commandText(cell: Cell, ready: Ready): string {
  const { command, guestCommand, reason, emulator, appliance } = commandOf(cell, ready);
  const lines = [`# ${cell.id}`, `# ${oneLine(reason)}`];
  if (appliance !== null)
    lines.push(
      `# On the ${emulator} QEMU: an appliance of Linux ${oneLine(appliance.kernelRelease)} and QEMU ${appliance.qemuVersion}`,
    );
  lines.push(command ?? '# not possible here');
  if (guestCommand !== null)
    lines.push('# which runs, within the appliance:', guestCommand.replaceAll(/^/gm, '#   '));
  return `${lines.join('\n')}\n\n`;
}
