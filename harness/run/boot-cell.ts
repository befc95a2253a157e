import type { Launch } from '../guest/types.ts';
import type { Limits } from '../guest/watch/limits.ts';
import { bootOnce, logText } from '../lab/boot-once.ts';
import type { Cell } from '../plan/types.ts';
import type { RunEvent } from '../record/types.ts';
import type { RecordWriter } from '../record/writer.ts';
import type { Progress } from '../report/reporter.ts';
import type { TrueKhz } from '../verdict/clock.ts';
import type { Observation } from '../verdict/types.ts';

/** What every boot of a run shares. */
export interface BootContext {
  readonly hostFrequency: TrueKhz;
  readonly limits: Partial<Limits>;
  readonly dump: boolean;
  readonly record: RecordWriter;
  readonly emit: (event: RunEvent) => Promise<void>;
  readonly progress: (progress: Progress) => void;
}

/** What one boot came to; the log is what the expectation's messages are looked for in. */
export interface JudgedBoot {
  readonly observation: Observation;
  readonly log: string | null;
}

export async function bootCell(
  context: BootContext,
  cell: Cell,
  boot: number,
  launch: Launch,
): Promise<JudgedBoot> {
  const folder = await context.record.folderFor(cell.id, boot);
  const argv = [launch.qemu, ...launch.argv];
  const { accelerator, acceleratorReason, emulator, nested, tests } = launch;
  await context.emit({
    type: 'cell-started',
    cell: cell.id,
    boot,
    at: new Date().toISOString(),
    argv,
    accelerator,
    acceleratorReason,
    emulator,
    ...(tests === undefined ? {} : { tests: tests.list.map(({ name, sha256 }) => ({ name, sha256 })) }),
    ...(nested === undefined ? {} : { nested: { argv: nested.command, ...nested.appliance } }),
  });
  const { life, ending, evidence, observation, failed } = await bootOnce(launch, context.hostFrequency, {
    folder: folder.path,
    limits: context.limits,
    dump: context.dump,
    onProgress: (phase, guestS) =>
      context.progress({ type: 'guest-progress', cell: cell.id, boot, phase, guestS }),
    onRetry: ({ nonce, ending, wallMs, cpuMs }) =>
      context.emit({
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
  await context.emit({
    type: 'cell-finished',
    cell: cell.id,
    boot,
    at: new Date().toISOString(),
    wallMs: life.wallMs,
    cpuMs: life.cpuMs,
    ending,
    ...(failed.length === 0 ? {} : { retries: failed.length }),
    ...(life.dump === null ? {} : { dump: life.dump }),
    observation,
    ...(evidence.transcriptSha256 === null ? {} : { transcriptSha256: evidence.transcriptSha256 }),
    folder: folder.folder,
  });
  return { observation, log: logText(evidence) };
}
