/**
 * The launch of a recorded boot, made anew from its cell with the programs of this host. What the record says of the
 * launch is compared with it, and never run: a record may come from anywhere.
 */
import { HostFault, UserError } from '../base/errors.ts';
import { checkKvm } from '../guest/kvm-check.ts';
import { withNonce } from '../guest/launch/command-line.ts';
import type { Launch } from '../guest/types.ts';
import { sha256OfFile } from '../host/digest.ts';
import { findProgram } from '../host/program.ts';
import { buildProbeImage } from '../image/probe-image.ts';
import { type HostOffer, launchOf, resolveMachine } from '../lab/machine.ts';
import { testImages } from '../lab/make-ready.ts';
import { makeNestedReady } from '../lab/nested-ready.ts';
import { ACCELERATORS } from '../matrix/accelerators.ts';
import type { RunRecord } from '../record/reader.ts';
import type { CellView } from '../record/run-view.ts';
import { launchDifferences } from './launch-differences.ts';

export interface RelaunchOptions {
  /** The system's QEMU: of PATH, or the user's word; never the record's. */
  readonly qemu: string;
  readonly onProgress?: (text: string) => void;
}

const AGAIN = 'run the matrix again';

/** Throws HostFault if an input of the recorded run is gone or is another file now. */
async function checkInput(name: string, path: string, sha256: string | null): Promise<void> {
  const found = await sha256OfFile(path).catch((error: Error) => {
    throw new HostFault('input-missing', `the ${name} of that run is gone: ${error.message}`, AGAIN);
  });
  if (sha256 !== null && found !== sha256)
    throw new HostFault(
      'input-changed',
      `the ${name} ${path} is another one now: sha256 ${found}, in that run ${sha256}`,
      AGAIN,
    );
}

/** A kernel is known by its digest: the record's path is only where it may lie. */
export async function kernelOf(record: RunRecord, name: string): Promise<string> {
  const ready = record.view.kernels.get(name)?.ready;
  if (!ready) throw new UserError(`the run ${record.run} had no kernel ${name}`, AGAIN);
  await checkInput('kernel', ready.path, ready.sha256);
  return ready.path;
}

async function offerFor(
  cell: CellView['cell'],
  wasOuter: string | undefined,
  options: RelaunchOptions,
  initrdPath: string,
  kernelPath: string,
): Promise<HostOffer> {
  const { qemu, onProgress } = options;
  const needsKvm =
    ACCELERATORS[cell.guest.topology === 'auto' ? 'kvm' : cell.guest.topology].needsHostKvm ||
    wasOuter === 'kvm';
  const trial = needsKvm ? await checkKvm({ qemu, kernelPath, initrdPath }) : null;
  return { qemu, trial, ...(await makeNestedReady([cell], trial, onProgress)) };
}

/** Digests of what the launch takes besides the kernel, against those of the record. */
async function checkFiles(
  record: RunRecord,
  launch: Launch,
  offer: HostOffer,
  initrdPath: string,
): Promise<void> {
  const { appliance, pinned } = offer.nested;
  const own = new Map<string, string>([['initramfs', initrdPath]]);
  if (launch.nested !== undefined && appliance !== null && !(appliance instanceof Error)) {
    own.set('appliance kernel', appliance.kernel.path);
    own.set('appliance initramfs', appliance.initrdPath);
  }
  const isPinned = pinned !== null && !(pinned instanceof Error) && launch.qemu === pinned.program;
  if (isPinned) own.set('pinned QEMU', launch.qemu);
  for (const { name, sha256 } of record.provenance?.files ?? []) {
    const path = own.get(name);
    if (path !== undefined) await checkInput(name, path, sha256.value);
  }
  if (isPinned) return;
  const path = await findProgram(launch.qemu).catch((error: Error) => {
    throw new HostFault('no-qemu', error.message, 'install qemu-system-x86, or name it: --qemu PROGRAM');
  });
  await checkInput('QEMU', path, record.provenance?.qemu.sha256.value ?? null);
}

/** Tests run in the guest alone; that they are the same is told by their digests. */
function checkTests(recorded: Launch, launch: Launch): void {
  for (const { name, sha256 } of launch.tests?.list ?? []) {
    const was = recorded.tests?.list.find((one) => one.name === name)?.sha256;
    if (was !== sha256)
      throw new HostFault(
        'input-changed',
        `the test ${name} is another one now: sha256 ${sha256}, in that run ${was}`,
        AGAIN,
      );
  }
}

/**
 * Throws HostFault if an input is gone or changed, if this host cannot run such a guest, or if the launch is another one now
 * than the record's: its message shows the differences.
 */
export async function relaunch(
  record: RunRecord,
  view: CellView,
  recorded: Launch,
  options: RelaunchOptions,
): Promise<Launch> {
  const { launch } = await relaunchWith(record, view, recorded, options);
  return launch;
}

/** The launch, and what it would be with another kernel: the record is held against that with its own. Throws as relaunch(). */
export async function relaunchWith(
  record: RunRecord,
  view: CellView,
  recorded: Launch,
  options: RelaunchOptions,
): Promise<{ readonly launch: Launch; readonly withKernel: (path: string) => Launch }> {
  const { accelerator, nonce } = recorded;
  if (!Object.hasOwn(ACCELERATORS, accelerator) || !/^[0-9a-f]{8}$/.test(nonce))
    throw new UserError(
      `the record of ${view.cell.id} is damaged: its launch names no accelerator and nonce that there are`,
    );
  // What `auto` came to then.
  const cell = { ...view.cell, guest: { ...view.cell.guest, topology: accelerator } };
  const kernelPath = await kernelOf(record, cell.kernel);
  const initrdPath = (await buildProbeImage()).path;
  const tests = await testImages([view.cell], record.view.started?.matrix.path ?? '');
  const offer = await offerFor(cell, recorded.nested?.outer, options, initrdPath, kernelPath);
  const resolved = resolveMachine(cell.guest, offer);
  if (resolved.kind === 'skipped')
    throw new HostFault('no-accelerator', resolved.reason, 'see: tscmatrix doctor');
  if (resolved.kind === 'missing') throw resolved.fault;
  const withKernel = (path: string): Launch => ({
    ...withNonce(launchOf(cell, resolved.machine, path, { initrdPath, tests }), nonce),
    guest: view.cell.guest,
    acceleratorReason: recorded.acceleratorReason,
  });
  const launch = withKernel(kernelPath);
  await checkFiles(record, launch, offer, initrdPath);
  checkTests(recorded, launch);
  const differences = launchDifferences(recorded, launch);
  if (differences.length > 0)
    throw new HostFault(
      'launch-changed',
      `the cell ${cell.id} would be launched with other words than in that run:\n  ${differences.join('\n  ')}`,
      `the words of a record are not run; ${AGAIN}`,
    );
  return { launch, withKernel };
}
