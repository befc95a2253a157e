/** How a cell is launched. */
import { createHash } from 'node:crypto';
import type { HostError } from '../base/errors.ts';
import { chooseAccelerator } from '../guest/accelerator.ts';
import type { KvmCheck } from '../guest/kvm-check.ts';
import { makeLaunch } from '../guest/launch/arguments.ts';
import { PROBE_DEFAULTS } from '../guest/launch/command-line.ts';
import type { ApplianceFiles } from '../guest/launch/nested-arguments.ts';
import type { Launch } from '../guest/types.ts';
import type { BuildError } from '../kernel/acquire.ts';
import type { Cell } from '../plan/types.ts';
import { emulatorOf, type NestedReady } from './nested-ready.ts';

/** The same for each boot of a cell, so that its transcripts can be compared, and no other cell's. */
export function nonceOf(cellId: string): string {
  return createHash('sha256').update(cellId).digest('hex').slice(0, 8);
}

/** What cells are launched with. */
export interface LaunchNeeds {
  readonly qemu: string;
  readonly initrdPath: string;
  readonly trial: KvmCheck | null;
  readonly nested: NestedReady;
  readonly appliance: ApplianceFiles | null;
}

/** What of the machines below this cell's guest could not be made here, or null. */
export function missingOf(cell: Cell, bench: LaunchNeeds): HostError | BuildError | null {
  const { accelerator } = chooseAccelerator(cell.guest.topology, cell.guest.clock, bench.trial);
  if (accelerator === null) return null;
  const { appliance, pinned } = bench.nested;
  if (accelerator === 'nested' && appliance instanceof Error) return appliance;
  return emulatorOf(cell.guest, accelerator) === 'pinned' && pinned instanceof Error ? pinned : null;
}

/**
 * Null where this host cannot run the cell's topology; the reason is chooseAccelerator()'s. Throws HostError where the
 * appliance or the pinned QEMU could not be made.
 */
export function launchOf(cell: Cell, kernelPath: string, bench: LaunchNeeds): Launch | null {
  const choice = chooseAccelerator(cell.guest.topology, cell.guest.clock, bench.trial);
  if (choice.accelerator === null) return null;
  const missing = missingOf(cell, bench);
  if (missing !== null) throw missing;
  const { pinned } = bench.nested;
  const isPinned = emulatorOf(cell.guest, choice.accelerator) === 'pinned';
  const emulator = isPinned && !(pinned instanceof Error) ? pinned : null;
  return makeLaunch({
    qemu: emulator?.program ?? bench.qemu,
    firmwareDir: emulator?.firmwareDir ?? null,
    guest: cell.guest,
    accelerator: choice.accelerator,
    appliance: bench.appliance,
    exitsLibrary: bench.nested.exitsLibrary,
    acceleratorReason: choice.reason,
    kernelPath,
    initrdPath: bench.initrdPath,
    probe: { nonce: nonceOf(cell.id), ...PROBE_DEFAULTS },
  });
}
