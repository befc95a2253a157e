/** Whether nested guests run here, which needs no KVM: the parts of the appliance, found in the cache and tried. */

import { openCache } from '../host/cache.ts';
import { kernelEntry } from '../image/appliance.ts';
import { findPinnedQemu } from '../image/qemu/pinned.ts';
import { findToolchain } from '../image/qemu/toolchain.ts';
import type { PinnedQemu } from '../image/qemu/types.ts';
import { findBuilt } from '../kernel/make/built.ts';
import { prepareJob } from '../kernel/make/job.ts';
import { pinnedMachine } from '../matrix/machines.ts';
import type { Check, Context } from './context.ts';
import { lastLine } from './tools.ts';
import { type CheckResult, missing, ok, unusable } from './types.ts';

/** What the appliance's machine is asked for: SVM that KVM can use, and counted instructions. */
const TRIAL = [
  ...['-nodefaults', '-no-user-config', '-display', 'none', '-S'],
  ...['-machine', pinnedMachine('pc'), '-accel', 'tcg,thread=single', '-cpu', 'max,+svm,+npt,enforce'],
  ...['-icount', 'shift=0,sleep=off,align=off', '-monitor', 'stdio'],
];

interface ApplianceParts {
  readonly emulator: Pick<PinnedQemu, 'version'> | null;
  /** Release of the appliance's kernel; null if it is not built. */
  readonly kernel: string | null;
  /** What the pinned QEMU said when it was started with SVM; null if it took that. */
  readonly fault: string | null;
}

export function applianceResult({ emulator, kernel, fault }: ApplianceParts): CheckResult {
  const lacking = [
    ...(emulator === null ? ['the pinned QEMU'] : []),
    ...(kernel === null ? ["the appliance's kernel"] : []),
  ];
  if (lacking.length > 0) {
    const are = lacking.length === 1 ? 'is' : 'are';
    return missing(
      `what they are built with is here; ${lacking.join(' and ')} ${are} not built yet`,
      'nothing: the first run with a nested guest builds it, in some minutes',
    );
  }
  return fault === null
    ? ok(
        `the appliance's Linux ${kernel} and the pinned QEMU ${emulator?.version} are built; it emulates SVM`,
      )
    : unusable(`the pinned QEMU does not emulate SVM: ${fault}`, 'tscmatrix build --qemu --refresh');
}

/** Looks into the cache only if the archive was asked before: a doctor waits for no network. */
async function builtKernel(): Promise<string | null> {
  const { source } = kernelEntry();
  if (source.kind !== 'build') return null;
  const options = { cache: await openCache() };
  const found = await findBuilt(await prepareJob(source, options), options);
  return found === undefined ? null : (found.release.split(' ')[0] ?? '');
}

async function findAppliance({ run }: Context): Promise<CheckResult> {
  // Throws with what to install.
  await findToolchain();
  const emulator = await findPinnedQemu();
  if (emulator === undefined) return applianceResult({ emulator: null, kernel: null, fault: null });
  const { exitCode, stderr } = await run(emulator.program, TRIAL, { input: 'quit\n' });
  const fault = exitCode === 0 ? null : lastLine(stderr);
  return applianceResult({ emulator, kernel: await builtKernel(), fault });
}

export const APPLIANCE_CHECKS: readonly Check[] = [
  { topic: 'guests', name: 'nested guests (any host)', needed: 'for nested', find: findAppliance },
];
