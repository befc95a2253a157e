/** What nested guests and the pinned QEMU need, got once for a plan; a host that cannot have it is told for each cell. */
import { access, readFile } from 'node:fs/promises';
import { HostError } from '../base/errors.ts';
import { chooseAccelerator } from '../guest/accelerator.ts';
import type { KvmCheck } from '../guest/kvm-check.ts';
import type { ApplianceFiles } from '../guest/launch/nested-arguments.ts';
import { type Appliance, buildAppliance } from '../image/appliance.ts';
import { buildExitsLibrary } from '../image/compile.ts';
import { pinnedQemu } from '../image/qemu/pinned.ts';
import type { PinnedQemu } from '../image/qemu/types.ts';
import { BuildError } from '../kernel/acquire.ts';
import type { GuestSpec } from '../matrix/types.ts';
import type { Cell } from '../plan/types.ts';

type Fault = HostError | BuildError;

export interface NestedReady {
  /** Null where no cell wants one. */
  readonly appliance: Appliance | Fault | null;
  readonly pinned: PinnedQemu | Fault | null;
  /** Counts and slows the exits of guests of host KVM; null where there is none. */
  readonly exitsLibrary: string | null;
}

export const NOTHING_NESTED: NestedReady = { appliance: null, pinned: null, exitsLibrary: null };

export interface NestedOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

/**
 * Which QEMU runs the machine itself. Counted instructions are the pinned one's too: only there they are a function of the
 * inputs alone (patch 0004), and the same on every machine.
 */
export function emulatorOf(guest: GuestSpec, accelerator: 'tcg' | 'kvm' | 'nested'): 'pinned' | 'system' {
  return guest.qemu ?? (accelerator === 'nested' || guest.clock === 'deterministic' ? 'pinned' : 'system');
}

async function orFault<T>(make: Promise<T>, signal: AbortSignal): Promise<T | Fault> {
  try {
    return await make;
  } catch (error) {
    if (!signal.aborted && (error instanceof HostError || error instanceof BuildError)) return error;
    throw error;
  }
}

/** Gets what these cells will ask for. */
export async function makeNestedReady(
  cells: readonly Cell[],
  trial: KvmCheck | null,
  options: NestedOptions,
): Promise<NestedReady> {
  const chosen = cells.map(({ guest }) => ({
    guest,
    accelerator: chooseAccelerator(guest.topology, guest.clock, trial).accelerator,
  }));
  const any = (accelerator: string): boolean => chosen.some((each) => each.accelerator === accelerator);
  const wantsPinned = chosen.some(
    ({ guest, accelerator }) => accelerator !== null && emulatorOf(guest, accelerator) === 'pinned',
  );
  const { signal } = options;
  const pinned = wantsPinned ? await orFault(pinnedQemu(options), signal) : null;
  const appliance = any('nested') ? await orFault(buildAppliance(options), signal) : null;
  const exitsLibrary = any('kvm') ? await buildExitsLibrary(signal) : null;
  return { appliance, pinned, exitsLibrary };
}

/** Whether host KVM lets its guests use KVM: kvm_intel's and kvm_amd's parameter "nested" (arch/x86/kvm/). */
export async function hostNests(): Promise<boolean> {
  for (const vendor of ['kvm_intel', 'kvm_amd']) {
    const text = await readFile(`/sys/module/${vendor}/parameters/nested`, 'utf8').catch(() => '');
    if (/^[1Y]/.test(text)) return true;
  }
  return false;
}

/** The appliance for a launch, and what it runs on: host KVM where that is sound and nests, else TCG. */
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
