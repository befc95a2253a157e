/** One boot of one cell: guest to evidence to observation, all of it recorded. */
import { createHash } from 'node:crypto';
import { chooseAccelerator } from '../guest/accelerator.ts';
import { makeLaunch } from '../guest/arguments.ts';
import { PROBE_DEFAULTS } from '../guest/command-line.ts';
import type { Limits } from '../guest/limits.ts';
import type { ApplianceFiles } from '../guest/nested-arguments.ts';
import type { Trial } from '../guest/trial.ts';
import type { Launch } from '../guest/types.ts';
import type { HostError } from '../host/errors.ts';
import type { BuildError } from '../kernel/acquire.ts';
import type { Cell } from '../plan/types.ts';
import type { RunEvent } from '../record/types.ts';
import type { RecordWriter } from '../record/writer.ts';
import type { Progress } from '../report/reporter.ts';
import type { Observation } from '../verdict/types.ts';
import { bootOnce, logText } from './boot-once.ts';
import { emulatorOf, type NestedReady } from './nested-ready.ts';
import type { TrueFrequency } from './true-frequency.ts';

/** What every boot of a run shares. */
export interface RunBench {
  readonly qemu: string;
  readonly initrdPath: string;
  readonly trial: Trial | null;
  readonly nested: NestedReady;
  readonly appliance: ApplianceFiles | null;
  readonly hostFrequency: TrueFrequency;
  readonly limits: Partial<Limits>;
  readonly record: RecordWriter;
  readonly emit: (event: RunEvent) => Promise<void>;
  readonly progress: (progress: Progress) => void;
  readonly signal: AbortSignal;
}

/** The same for each boot of a cell, so that its transcripts can be compared, and no other cell's. */
export function nonceOf(cellId: string): string {
  return createHash('sha256').update(cellId).digest('hex').slice(0, 8);
}

type Needs = Pick<RunBench, 'qemu' | 'initrdPath' | 'trial' | 'nested' | 'appliance'>;

/** What of the machines below this cell's guest could not be made here, or null. */
export function missingOf(cell: Cell, bench: Needs): HostError | BuildError | null {
  const { accelerator } = chooseAccelerator(cell.guest.topology, cell.guest.clock, bench.trial);
  if (accelerator === null) return null;
  const { appliance, pinned } = bench.nested;
  if (accelerator === 'nested' && appliance instanceof Error) return appliance;
  return emulatorOf(cell.guest, accelerator) === 'pinned' && pinned instanceof Error ? pinned : null;
}

/**
 * Null where this host cannot run the cell's topology; the reason is chooseAccelerator()'s. Throws HostError where the
 * appliance or the pinned QEMU could not be made.
 */
export function launchOf(cell: Cell, kernelPath: string, bench: Needs): Launch | null {
  const choice = chooseAccelerator(cell.guest.topology, cell.guest.clock, bench.trial);
  if (choice.accelerator === null) return null;
  const missing = missingOf(cell, bench);
  if (missing !== null) throw missing;
  const { pinned } = bench.nested;
  const isPinned = emulatorOf(cell.guest, choice.accelerator) === 'pinned';
  const emulator = isPinned && !(pinned instanceof Error) ? pinned : null;
  return makeLaunch({
    qemu: emulator?.program ?? bench.qemu,
    firmwareDir: emulator?.firmwareDir ?? null,
    guest: cell.guest,
    accelerator: choice.accelerator,
    appliance: bench.appliance,
    exitsLibrary: bench.nested.exitsLibrary,
    acceleratorReason: choice.reason,
    kernelPath,
    initrdPath: bench.initrdPath,
    probe: { nonce: nonceOf(cell.id), ...PROBE_DEFAULTS },
  });
}

/** What one boot came to; the log is what the expectation's messages are looked for in. */
export interface BootResult {
  readonly observation: Observation;
  readonly log: string | null;
}

export async function bootCell(
  bench: RunBench,
  cell: Cell,
  boot: number,
  launch: Launch,
): Promise<BootResult> {
  const folder = await bench.record.folderFor(cell.id, boot);
  const argv = [launch.qemu, ...launch.argv];
  const { accelerator, acceleratorReason, nested } = launch;
  await bench.emit({
    type: 'cell-started',
    cell: cell.id,
    boot,
    at: new Date().toISOString(),
    argv,
    accelerator,
    acceleratorReason,
    emulator: emulatorOf(cell.guest, accelerator),
    ...(nested === undefined ? {} : { nested: { argv: nested.command, ...nested.appliance } }),
  });
  const { life, ending, evidence, observation, failed } = await bootOnce(launch, bench.hostFrequency, {
    folder: folder.path,
    limits: bench.limits,
    signal: bench.signal,
    onProgress: (phase, guestS) =>
      bench.progress({ type: 'guest-progress', cell: cell.id, boot, phase, guestS }),
    onRetry: ({ nonce, ending, wallMs, cpuMs }) =>
      bench.emit({
        type: 'cell-retried',
        cell: cell.id,
        boot,
        at: new Date().toISOString(),
        nonce,
        ending,
        wallMs,
        cpuMs,
      }),
  });
  await bench.emit({
    type: 'cell-finished',
    cell: cell.id,
    boot,
    at: new Date().toISOString(),
    wallMs: life.wallMs,
    cpuMs: life.cpuMs,
    ending,
    ...(failed.length === 0 ? {} : { retries: failed.length }),
    observation,
    ...(evidence.transcriptSha256 === null ? {} : { transcriptSha256: evidence.transcriptSha256 }),
    folder: folder.folder,
  });
  return { observation, log: logText(evidence) };
}
