/** What nested guests and the pinned QEMU need, got once for a plan; a host that cannot have it is told for each cell. */

import { access, readFile } from 'node:fs/promises';
import { HostFault } from '../base/errors.ts';
import type { KvmCheck } from '../guest/kvm-check.ts';
import type { ApplianceFiles } from '../guest/types.ts';
import { stopIfInterrupted } from '../host/interruption.ts';
import { type Appliance, buildAppliance } from '../image/appliance.ts';
import { buildExitsLibrary } from '../image/compile.ts';
import { buildProbeImage, type ProbeImage } from '../image/probe-image.ts';
import { pinnedQemu } from '../image/qemu/pinned.ts';
import { BuildError } from '../kernel/acquire.ts';
import { ACCELERATORS } from '../matrix/accelerators.ts';
import type { Cell } from '../plan/types.ts';
import { choose, type HostOffer, type PartFault } from './machine.ts';

async function orFault<T>(make: Promise<T>): Promise<T | PartFault> {
  try {
    return await make;
  } catch (error) {
    stopIfInterrupted();
    if (error instanceof HostFault || error instanceof BuildError) return error;
    throw error;
  }
}

/** Gets what these cells will ask for, of the parts that are made. */
export async function makeNestedReady(
  cells: readonly Cell[],
  trial: KvmCheck | null,
  onProgress: (text: string) => void = () => {},
): Promise<Pick<HostOffer, 'nested' | 'appliance' | 'traced'>> {
  const options = { onProgress };
  const machines = cells.flatMap(({ guest }) => {
    const choice = choose(guest, trial);
    return 'kind' in choice ? [] : [{ ...choice, ...ACCELERATORS[choice.accelerator] }];
  });
  const wantsPinned = machines.some(({ emulator }) => emulator === 'pinned');
  const wantsAppliance = machines.some(({ needsAppliance }) => needsAppliance);
  const wantsExits = machines.some(({ needsHostKvm }) => needsHostKvm);
  const pinned = wantsPinned ? await orFault(pinnedQemu(options)) : null;
  const appliance = wantsAppliance ? await orFault(buildAppliance(options)) : null;
  const traced = new Map<string, ProbeImage>();
  for (const { trace } of cells.map(({ guest }) => guest))
    if (trace !== '' && !traced.has(trace)) traced.set(trace, await buildProbeImage(trace));
  const exitsLibrary = wantsExits ? await buildExitsLibrary() : null;
  return {
    traced,
    nested: { appliance, pinned, exitsLibrary },
    appliance:
      appliance === null || appliance instanceof Error ? null : await applianceFiles(appliance, trial),
  };
}

/** Whether host KVM lets its guests use KVM: kvm_intel's and kvm_amd's parameter "nested" (arch/x86/kvm/). */
export async function hostNests(): Promise<boolean> {
  for (const vendor of ['kvm_intel', 'kvm_amd']) {
    const text = await readFile(`/sys/module/${vendor}/parameters/nested`, 'utf8').catch(() => '');
    if (/^[1Y]/.test(text)) return true;
  }
  return false;
}

/** The appliance for a launch, and what it runs on: host KVM if that is sound and nests, else TCG. */
export async function applianceFiles(appliance: Appliance, trial: KvmCheck | null): Promise<ApplianceFiles> {
  const sound = trial?.usable === true;
  const nests = sound && (await hostNests());
  const device =
    nests &&
    (await access('/dev/kvm').then(
      () => true,
      () => false,
    ));
  return {
    kernelPath: appliance.kernel.path,
    initrdPath: appliance.initrdPath,
    sha256: appliance.sha256,
    kernelRelease: appliance.kernel.release,
    qemuVersion: appliance.emulator.version,
    outer: device ? 'kvm' : 'tcg',
    outerReason: device
      ? 'host KVM is sound and nests'
      : sound
        ? 'host KVM does not nest'
        : trial === null
          ? 'host KVM does not nest'
          : `host KVM is not usable: ${trial.reason}`,
  };
}
