import type { Decisions, Machine } from '../types.ts';
import type { ProbeOptions } from './command-line.ts';

/** All that a launch is made of. */
export interface LaunchInput extends Machine {
  readonly kernelPath: string;
  readonly initrdPath: string;
  readonly probe: ProbeOptions;
}

/** What a launch keeps of the machine beside its arguments. */
export function decisionsOf({ accelerator, acceleratorReason, emulator, personality }: Machine): Decisions {
  return { accelerator, acceleratorReason, emulator, personality };
}
