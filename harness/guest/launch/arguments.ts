/** The QEMU argument list of a guest. Pure: what is printed by `plan --command` is what runs. */
import { type Accelerator, isKvmGuest } from '../../matrix/accelerators.ts';
import type { Launch } from '../types.ts';
import { kernelCommandLine } from './command-line.ts';
import { makeNestedLaunch } from './nested-arguments.ts';
import { EXITS_FILE } from './ref-delay.ts';
import { askedOf, exitVariables, machineArguments } from './setting-arguments.ts';
import { decisionsOf, HARDENING, type LaunchInput, QMP_SOCKET, RTC_BASE } from './shared-arguments.ts';

export { QMP_SOCKET, RTC_BASE };

/** How each accelerator's guest is launched. */
const LAUNCHERS: Readonly<Record<Accelerator, (input: LaunchInput) => Launch>> = {
  tcg: makeDirectLaunch,
  kvm: makeDirectLaunch,
  nested: makeNestedLaunch,
};

/** Puts together what QEMU is asked for. Throws if a nested guest is asked for without an appliance. */
export function makeLaunch(input: LaunchInput): Launch {
  const { tests } = input;
  return { ...LAUNCHERS[input.accelerator](input), ...(tests === undefined ? {} : { tests }) };
}

/** QEMU of this host runs the guest itself. */
function makeDirectLaunch(input: LaunchInput): Launch {
  const { guest, exitsLibrary } = input;
  const asked = askedOf(input);
  const commandLine = kernelCommandLine(asked.kernel, input.probe);
  const argv = [
    ...HARDENING,
    ...(input.firmwareDir ? ['-L', input.firmwareDir] : []),
    ...machineArguments(asked),
    ...['-kernel', input.kernelPath],
    ...['-initrd', input.initrdPath],
    ...['-append', commandLine],
    ...['-serial', 'stdio'],
    ...['-qmp', `unix:${QMP_SOCKET},server=on,wait=off`],
  ];
  return {
    qemu: input.qemu,
    argv,
    ...(isKvmGuest(input.accelerator) && exitsLibrary
      ? { environment: exitVariables(asked, exitsLibrary, EXITS_FILE) }
      : {}),
    guest,
    ...decisionsOf(input),
    commandLine,
    nonce: input.probe.nonce,
  };
}
