/** The QEMU argument list of a guest. Pure: what is printed by `plan --command` is what runs. */
import type { GuestSpec } from '../../matrix/types.ts';
import type { Launch } from '../types.ts';
import { kernelCommandLine, type ProbeOptions } from './command-line.ts';
import { ICOUNT_ARGUMENTS } from './icount.ts';
import { type ApplianceFiles, makeNestedLaunch } from './nested-arguments.ts';
import { kvmAccelerator, kvmCpu } from './personality.ts';
import { EXITS_FILE, exitVariables } from './ref-delay.ts';
import { HARDENING, machineArguments, QMP_SOCKET, RTC_BASE } from './shared-arguments.ts';

export { ICOUNT_TSC_KHZ } from './icount.ts';
export { QMP_SOCKET, RTC_BASE };

export interface LaunchInput {
  readonly qemu: string;
  /** The folder of QEMU's firmware; null where it finds that itself. */
  readonly firmwareDir?: string | null;
  readonly guest: GuestSpec;
  readonly accelerator: 'tcg' | 'kvm' | 'nested';
  readonly acceleratorReason: string;
  readonly kernelPath: string;
  readonly initrdPath: string;
  readonly probe: ProbeOptions;
  /** The library that counts and slows the exits of a KVM guest; none without it. */
  readonly exitsLibrary?: string | null;
  /** Needed for a nested guest. */
  readonly appliance?: ApplianceFiles | null;
}

function acceleratorArguments(guest: GuestSpec, accelerator: 'tcg' | 'kvm'): string[] {
  if (accelerator === 'kvm') return ['-accel', kvmAccelerator(guest)];
  if (guest.clock === 'real') return ['-accel', 'tcg'];
  return ['-accel', 'tcg,thread=single', ...ICOUNT_ARGUMENTS];
}

/** Puts together what QEMU is asked for. Throws where a nested guest is asked for without an appliance. */
export function makeLaunch(input: LaunchInput): Launch {
  const { guest, accelerator } = input;
  if (accelerator === 'nested') {
    if (!input.appliance) throw new Error('a nested guest needs the appliance');
    return makeNestedLaunch({ ...input, appliance: input.appliance });
  }
  const commandLine = kernelCommandLine(guest, input.probe);
  const kvm = accelerator === 'kvm';
  const argv = [
    ...HARDENING,
    ...(input.firmwareDir ? ['-L', input.firmwareDir] : []),
    ...['-machine', `${guest.machine},hpet=${guest.hpet ? 'on' : 'off'}`],
    ...acceleratorArguments(guest, accelerator),
    ...['-cpu', kvm ? kvmCpu(guest, false) : guest.cpu],
    ...machineArguments(guest),
    ...['-kernel', input.kernelPath],
    ...['-initrd', input.initrdPath],
    ...['-append', commandLine],
    ...['-serial', 'stdio'],
    ...['-qmp', `unix:${QMP_SOCKET},server=on,wait=off`],
  ];
  return {
    qemu: input.qemu,
    argv,
    ...(kvm && input.exitsLibrary
      ? { environment: exitVariables(guest, input.exitsLibrary, EXITS_FILE) }
      : {}),
    guest,
    accelerator,
    acceleratorReason: input.acceleratorReason,
    commandLine,
    nonce: input.probe.nonce,
  };
}
