/** What an accelerator makes of the settings that a guest leaves open. */
import { type Accelerator, emulatorOf, personalityOf, type QemuAccelerator } from '../matrix/accelerators.ts';
import type { GuestSpec } from '../matrix/types.ts';
import type { Decisions, Machine } from './types.ts';

/** All that is left open of a guest that this accelerator runs. */
export function decide(guest: GuestSpec, accelerator: Accelerator, acceleratorReason: string): Decisions {
  const wish = { ...guest, topology: accelerator };
  return { accelerator, acceleratorReason, emulator: emulatorOf(wish), personality: personalityOf(wish) };
}

/** A machine that tries a QEMU of this host itself, whatever the guest says of that. */
export function trialMachine(guest: GuestSpec, accelerator: QemuAccelerator, qemu: string): Machine {
  return {
    guest,
    ...decide(guest, accelerator, 'a trial'),
    emulator: 'system',
    qemu,
    firmwareDir: null,
    appliance: null,
    exitsLibrary: null,
  };
}
