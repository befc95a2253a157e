/** What the launches of all accelerators have in common. Pure. */
import type { PackedTests } from '../../matrix/packed-tests.ts';
import type { Decisions, Machine } from '../types.ts';
import type { ProbeOptions } from './command-line.ts';

/** The QMP socket, relative to the folder that QEMU runs in (a socket's path is limited to 107 bytes). */
export const QMP_SOCKET = 'qmp.sock';

/** The guest's clock at power-on. It runs on QEMU's virtual clock, so that it also tells the guest's time. */
export const RTC_BASE = '2026-01-01T00:00:00';
export const RTC = ['-rtc', `base=${RTC_BASE},clock=vm`] as const;

/** Nothing of a user's configuration, no display, and a reset ends QEMU. */
export const BARE = ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'] as const;

/** And no system calls that a machine has no use for. */
export const HARDENING = [
  ...BARE,
  '-sandbox',
  'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny',
] as const;

export interface LaunchInput extends Machine {
  readonly kernelPath: string;
  readonly initrdPath: string;
  readonly probe: ProbeOptions;
  /** Tests that the initramfs holds. */
  readonly tests?: PackedTests;
}

/** What a launch keeps of the machine beside its arguments. */
export function decisionsOf({ accelerator, acceleratorReason, emulator, personality }: Machine): Decisions {
  return { accelerator, acceleratorReason, emulator, personality };
}

/** Guest time that tests may take. */
export function testsMs(tests: PackedTests | undefined): number {
  return (tests?.list ?? []).reduce((sum, { timeoutMs }) => sum + timeoutMs, 0);
}
