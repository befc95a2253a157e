/** What the cells of a run need before the first one boots: kernels, probe, the true frequency, the provenance. */

import { HostFault, UserError } from '../base/errors.ts';
import type { ApplianceFiles } from '../guest/types.ts';
import type { PinnedQemu } from '../image/qemu/types.ts';
import { BuildError } from '../kernel/acquire.ts';
import { makeReady, type Ready } from '../lab/make-ready.ts';
import { runBoth } from '../lab/schedule.ts';
import { measureHostTsc } from '../lab/true-frequency.ts';
import type { Plan } from '../plan/types.ts';
import { gatherProvenance } from '../record/provenance/provenance.ts';
import type { Provenance } from '../record/provenance/provenance-types.ts';
import type { KernelReady, RunEvent } from '../record/types.ts';
import type { TrueKhz } from '../verdict/clock.ts';
import type { Session } from './session.ts';

export interface Prepared {
  readonly ready: Ready;
  readonly hostFrequency: TrueKhz;
}

function kernelFailed(kernel: string, error: unknown): RunEvent {
  const message = error instanceof Error ? error.message : String(error);
  const known = error instanceof UserError || error instanceof HostFault || error instanceof BuildError;
  const hint = known ? error.hint : undefined;
  return { type: 'kernel-failed', kernel, message, ...(hint === undefined ? {} : { hint }) };
}

/** What is said twice of a resumed run's kernel is recorded once; a kernel that is another one now is refused. */
async function recordKernel(session: Session, event: RunEvent): Promise<void> {
  if (event.type === 'kernel-ready') {
    const before = session.view.kernels.get(event.kernel)?.ready;
    if (before) return checkKernel(before, event);
  }
  if (event.type === 'kernel-failed') {
    const before = session.view.kernels.get(event.kernel);
    if (before?.ready) {
      throw new HostFault(
        'input-missing',
        `the kernel ${event.kernel}, with which the run began, is no longer available: ${event.message}`,
        event.hint,
      );
    }
    if (before?.failed?.message === event.message) return;
  }
  await session.emit(event);
}

function checkKernel(before: KernelReady, now: KernelReady): void {
  if (before.sha256 === now.sha256) return;
  throw new UserError(
    `the kernel ${now.kernel} is another one now: sha256 ${now.sha256} (${now.origin}), when the run began ${before.sha256} (${before.origin})`,
    'run the matrix again',
  );
}

/** Fetches, builds and measures for the cells of `plan`, a part of the session's. */
export async function prepare(session: Session, plan: Plan): Promise<Prepared> {
  const { rules, reporter } = session;
  // A refusal of ours comes back as a failure to fetch the kernel, which it is not.
  const refusals = new Set<unknown>();
  const note = (event: RunEvent): Promise<void> =>
    recordKernel(session, event).catch((error: unknown) => {
      refusals.add(error);
      throw error;
    });
  const [ready, hostFrequency] = await runBoth(
    () =>
      makeReady(plan, {
        qemu: rules.qemu,
        refresh: rules.refresh,
        onProgress: (kernel, text) => reporter.progress({ type: 'kernel-progress', kernel, text }),
        onKernel: ({ name }, { path, sha256, release, origin, cached, build }) => {
          const git = build?.git === undefined ? {} : { git: build.git };
          return note({ type: 'kernel-ready', kernel: name, path, sha256, release, origin, cached, ...git });
        },
        onFailure: async ({ name }, error) => {
          if (!refusals.has(error)) await note(kernelFailed(name, error));
        },
      }),
    measureHostTsc,
  );
  return { ready, hostFrequency };
}

/** What lies below the guests of some cells: the appliance, and the QEMU that was built here. */
function machineFiles({ nested: { appliance, pinned } }: Ready): { name: string; path: string }[] {
  const files: { name: string; path: string }[] = [];
  if (appliance !== null && !(appliance instanceof Error)) {
    files.push({ name: 'appliance kernel', path: appliance.kernel.path });
    files.push({ name: 'appliance initramfs', path: appliance.initrdPath });
  }
  if (pinned !== null && !(pinned instanceof Error))
    files.push({ name: 'pinned QEMU', path: pinned.program });
  return files;
}

/** One for each list of tests, by their names. */
function testImageFiles({ tests }: Ready): { name: string; path: string }[] {
  return [...tests.values()].map(({ initrdPath: path, tests: { list } }) => ({
    name: `initramfs with ${list.map(({ name }) => name).join(', ')}`,
    path,
  }));
}

/** The QEMU that was built here and the appliance, as the record names them. */
function builtArtifacts({ appliance, nested }: Ready): Pick<Provenance, 'pinnedQemu' | 'appliance'> {
  const made = nested.appliance === null || nested.appliance instanceof Error ? null : nested.appliance;
  const pinned =
    nested.pinned === null || nested.pinned instanceof Error ? (made?.emulator ?? null) : nested.pinned;
  return {
    ...(pinned === null ? {} : { pinnedQemu: pinnedFacts(pinned) }),
    ...(appliance === null ? {} : { appliance: applianceFacts(appliance) }),
  };
}

function pinnedFacts({ program, version, debianVersion, sha256, key, behaviour }: PinnedQemu) {
  return { path: program, version, debianVersion, sha256, key, behaviour };
}

function applianceFacts({ kernelRelease, qemuVersion, sha256 }: ApplianceFiles) {
  return { kernelRelease, qemuVersion, sha256 };
}

export function provenanceOf(session: Session, ready: Ready): Promise<Provenance> {
  const { plan, rules } = session;
  return gatherProvenance({
    qemu: rules.qemu,
    matrix: { name: plan.name, path: plan.matrixPath, sha256: plan.matrixSha256 },
    kernels: [...ready.kernels].flatMap(([name, kernel]) =>
      kernel instanceof Error ? [] : [{ ...kernel, name }],
    ),
    initramfs: ready.initrdPath,
    files: [...machineFiles(ready), ...testImageFiles(ready)],
    ...builtArtifacts(ready),
  });
}

export async function storeProvenance(session: Session, provenance: Provenance): Promise<void> {
  await session.record.writeFile('provenance.json', `${JSON.stringify(provenance, null, 2)}\n`);
}
