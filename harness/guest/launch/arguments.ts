/** The QEMU argument list of a guest. Pure: what is printed by `plan --command` is what runs. */
import type { Accelerator, QemuAccelerator } from '../../matrix/accelerators.ts';
import type { Launch, Machine } from '../types.ts';
import { kernelCommandLine } from './command-line.ts';
import { ICOUNT_ARGUMENTS } from './icount.ts';
import { decisionsOf, type LaunchInput } from './input.ts';
import { makeNestedLaunch } from './nested-arguments.ts';
import { kvmAccelerator, kvmCpu } from './personality.ts';
import { EXITS_FILE, exitVariables } from './ref-delay.ts';
import { HARDENING, machineArguments, QMP_SOCKET, RTC_BASE } from './shared-arguments.ts';

export { ICOUNT_TSC_KHZ } from './icount.ts';
export { QMP_SOCKET, RTC_BASE };

function acceleratorArguments(machine: Machine, accelerator: QemuAccelerator): string[] {
  const { guest } = machine;
  if (accelerator === 'kvm') return ['-accel', kvmAccelerator(machine)];
  if (guest.clock === 'real') return ['-accel', 'tcg'];
  return ['-accel', 'tcg,thread=single', ...ICOUNT_ARGUMENTS];
}

/** How each accelerator's guest is launched. */
const LAUNCHERS: Readonly<Record<Accelerator, (input: LaunchInput) => Launch>> = {
  tcg: (input) => makeDirectLaunch(input, 'tcg'),
  kvm: (input) => makeDirectLaunch(input, 'kvm'),
  nested: makeNestedLaunch,
};

/** Puts together what QEMU is asked for. Throws where a nested guest is asked for without an appliance. */
export function makeLaunch(input: LaunchInput): Launch {
  return LAUNCHERS[input.accelerator](input);
}

/** QEMU of this host runs the guest itself. */
function makeDirectLaunch(input: LaunchInput, accelerator: QemuAccelerator): Launch {
  const { guest } = input;
  const commandLine = kernelCommandLine(guest, input.probe);
  const kvm = accelerator === 'kvm';
  const argv = [
    ...HARDENING,
    ...(input.firmwareDir ? ['-L', input.firmwareDir] : []),
    ...['-machine', `${guest.machine},hpet=${guest.hpet ? 'on' : 'off'}`],
    ...acceleratorArguments(input, accelerator),
    ...['-cpu', kvm ? kvmCpu(input, false) : guest.cpu],
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
    ...decisionsOf(input),
    commandLine,
    nonce: input.probe.nonce,
  };
}
