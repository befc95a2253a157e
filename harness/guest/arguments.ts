/** The QEMU argument list of a guest. Pure: what is printed by `plan --command` is what runs. */
import type { GuestSpec } from '../matrix/types.ts';
import { kernelCommandLine, type ProbeOptions } from './command-line.ts';
import type { Launch } from './types.ts';

export interface LaunchInput {
  readonly qemu: string;
  readonly guest: GuestSpec;
  readonly accelerator: 'tcg' | 'kvm';
  readonly acceleratorReason: string;
  readonly kernelPath: string;
  readonly initrdPath: string;
  readonly probe: ProbeOptions;
}

/** The QMP socket, relative to the folder that QEMU runs in (a socket's path is limited to 107 bytes). */
export const QMP_SOCKET = 'qmp.sock';

/** The guest's clock at power-on. It runs on QEMU's virtual clock, so that it also tells the guest's time. */
export const RTC_BASE = '2026-01-01T00:00:00';

/**
 * The TSC under -icount counts virtual nanoseconds (cpus_get_elapsed_ticks() in softmmu/cpus.c, icount_get() in
 * accel/tcg/icount-common.c): exactly 1 GHz.
 */
export const ICOUNT_TSC_KHZ = 1_000_000;

function acceleratorArguments(guest: GuestSpec, accelerator: 'tcg' | 'kvm'): string[] {
  if (accelerator === 'kvm') return ['-accel', 'kvm'];
  if (guest.clock === 'real') return ['-accel', 'tcg'];
  return ['-accel', 'tcg,thread=single', '-icount', 'shift=0,sleep=off,align=off', '-seed', '1'];
}

/** Puts together what QEMU is asked for. */
export function makeLaunch(input: LaunchInput): Launch {
  const { guest, accelerator } = input;
  const commandLine = kernelCommandLine(guest, input.probe);
  const argv = [
    '-nodefaults',
    '-no-user-config',
    ...['-display', 'none'],
    '-no-reboot',
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ...['-machine', `${guest.machine},hpet=${guest.hpet ? 'on' : 'off'}`],
    ...acceleratorArguments(guest, accelerator),
    ...['-rtc', `base=${RTC_BASE},clock=vm`],
    ...['-cpu', guest.cpu],
    ...['-smp', String(guest.smp)],
    ...['-m', String(guest.memoryMiB)],
    ...['-kernel', input.kernelPath],
    ...['-initrd', input.initrdPath],
    ...['-append', commandLine],
    ...['-serial', 'stdio'],
    ...['-qmp', `unix:${QMP_SOCKET},server=on,wait=off`],
  ];
  return {
    qemu: input.qemu,
    argv,
    guest,
    accelerator,
    acceleratorReason: input.acceleratorReason,
    commandLine,
    nonce: input.probe.nonce,
  };
}
