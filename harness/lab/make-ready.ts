/** What every guest of a plan needs before it starts: kernels, the probe, and the trial of KVM if one is due. */

import { dirname } from 'node:path';
import { HostFault, UserError } from '../base/errors.ts';
import { checkKvm, type KvmCheck, type KvmCheckInput, kvmDeviceFault } from '../guest/kvm-check.ts';
import { openCache } from '../host/cache.ts';
import { stopIfInterrupted } from '../host/interruption.ts';
import { buildProbeImage } from '../image/probe-image.ts';
import type { TestImage } from '../image/test-image.ts';
import { acquireKernel, BuildError, type KernelImage } from '../kernel/acquire.ts';
import { isKvmGuest, needsHostKvm } from '../matrix/accelerators.ts';
import type { KernelEntry, TestSpec } from '../matrix/types.ts';
import type { Cell, Plan } from '../plan/types.ts';
import { type GuestImages, type HostOffer, type PartFault, testsKey } from './machine.ts';
import { hostNests, makeNestedReady } from './nested-ready.ts';
import { runBoth, runInParallel } from './schedule.ts';

export interface Ready extends HostOffer, GuestImages {
  /** Each kernel of the plan, or what kept it away. */
  readonly kernels: ReadonlyMap<string, KernelImage | PartFault>;
}

interface ReadyOptions {
  readonly qemu: string;
  readonly refresh?: boolean;
  /** Nothing that the matrix names is started: kernels are not built, and the trial of KVM boots one of Debian's. */
  readonly buildNothing?: boolean;
  readonly onProgress?: (kernel: string, text: string) => void;
  readonly onKernel?: (entry: KernelEntry, image: KernelImage) => Promise<void>;
  readonly onFailure?: (entry: KernelEntry, error: unknown) => Promise<void>;
}

/** They come from one mirror: more at once are not faster. */
const FETCHES = 2;

/** Throws UserError if an entry's file is no kernel, or not the one that was asked for: the input is wrong. */
async function acquireAll(plan: Plan, options: ReadyOptions): Promise<Map<string, KernelImage | PartFault>> {
  const kernels = new Map<string, KernelImage | PartFault>();
  const cache = await openCache();
  await runInParallel(plan.kernels, FETCHES, async (entry) => {
    stopIfInterrupted();
    try {
      const image = await acquireKernel(entry, {
        cache,
        refresh: options.refresh === true,
        buildNothing: options.buildNothing === true,
        onProgress: (text) => options.onProgress?.(entry.name, text),
      });
      kernels.set(entry.name, image);
      await options.onKernel?.(entry, image);
    } catch (error) {
      stopIfInterrupted();
      await options.onFailure?.(entry, error);
      if (!(error instanceof HostFault || error instanceof BuildError)) throw error;
      kernels.set(entry.name, error);
    }
  });
  return kernels;
}

/** KVM is tried once, and only if a cell could use it. */
async function trialFor(
  cells: readonly Cell[],
  ready: Pick<Ready, 'qemu' | 'initrdPath' | 'kernels'>,
  options: ReadyOptions,
): Promise<KvmCheck | null> {
  const real = cells.filter(({ guest }) => guest.clock === 'real').map(({ guest }) => guest.topology);
  const direct = real.some((topology) => topology === 'auto' || needsHostKvm(topology));
  // An appliance of host KVM needs a host that nests; if it does not, there is nothing to be tried.
  const wanted = direct || (real.some(isKvmGuest) && (await hostNests()));
  const kernel = [...ready.kernels.values()].find((image) => !(image instanceof Error));
  const { qemu, initrdPath } = ready;
  if (!wanted) return null;
  if (options.buildNothing === true) return trialOnDebian({ qemu, initrdPath });
  if (kernel === undefined) return null;
  return checkKvm({ qemu, kernelPath: (kernel as KernelImage).path, initrdPath });
}

/** What a trial of KVM boots if no kernel of the matrix is to be started. */
export const TRIAL_KERNEL: KernelEntry = {
  name: 'linux-image-cloud-amd64',
  source: { kind: 'debian', package: 'linux-image-cloud-amd64' },
};

async function trialOnDebian(input: Omit<KvmCheckInput, 'kernelPath'>): Promise<KvmCheck> {
  const none = await kvmDeviceFault();
  if (none !== null) return none;
  const kernel = await acquireKernel(TRIAL_KERNEL, {
    cache: await openCache(),
  }).catch((error: unknown) => {
    if (error instanceof HostFault || error instanceof UserError) return error;
    throw error;
  });
  if (kernel instanceof Error)
    return {
      usable: false,
      reason: `there is no kernel to try it: ${kernel.message}`,
      cpu: null,
      toProbeMs: null,
    };
  return checkKvm({ ...input, kernelPath: kernel.path });
}

/** Whether a kernel is only not built yet. */
export function isNotBuilt(error: Error): boolean {
  return error instanceof HostFault && error.code === 'not-built';
}

/** An image for each list of tests. Throws UserError if one cannot be read. */
export async function testImages(cells: readonly Cell[], matrixPath: string): Promise<GuestImages['tests']> {
  const images = new Map<string, TestImage>();
  const root = matrixPath === '' ? process.cwd() : dirname(matrixPath);
  for (const { tests, guest } of cells) {
    if (tests === undefined || images.has(testsKey(tests, guest))) continue;
    const { buildTestImage } = await import('../image/test-image.ts');
    images.set(testsKey(tests, guest), await buildTestImage(tests, root, guest.trace));
  }
  return images;
}

/** The program of a selftest; null for another test. */
export async function selftestOf({ selftest, tree }: TestSpec): Promise<Buffer | null> {
  if (selftest === undefined || tree === undefined) return null;
  return (await import('../image/selftest.ts')).buildSelftest(tree, selftest);
}

/** sha256 of each of a cell's tests. Throws UserError if one cannot be read. */
export async function testDigestsOf(cell: Cell): Promise<readonly string[]> {
  const [image] = (await testImages([cell], '')).values();
  return image?.tests.list.map(({ sha256 }) => sha256) ?? [];
}

export async function makeReady(plan: Plan, options: ReadyOptions): Promise<Ready> {
  const [probe, kernels] = await runBoth(
    () => buildProbeImage(),
    () => acquireAll(plan, options),
  );
  const tests = await testImages(plan.cells, plan.matrixPath);
  const base = { qemu: options.qemu, initrdPath: probe.path, tests, kernels };
  const trial = await trialFor(plan.cells, base, options);
  // No machine is made for a kernel that there is not.
  const bootable = plan.cells.filter(({ kernel }) => {
    const image = kernels.get(kernel);
    return image !== undefined && (!(image instanceof Error) || isNotBuilt(image));
  });
  const made = await makeNestedReady(bootable, trial, (text) => options.onProgress?.('appliance', text));
  return { ...base, trial, ...made };
}
