/** Boots one guest: starts QEMU, follows it, and tells how its life went. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeScratch } from '../host/scratch.ts';
import { APPLIANCE_FILE, CONSOLE_FILE, checkDiskFull, openBootFiles } from './boot-files.ts';
import type { Ending } from './ending/ending.ts';
import { reclassifyEnding } from './ending/reclassify.ts';
import { QMP_SOCKET } from './launch/arguments.ts';
import { EXITS_FILE } from './launch/ref-delay.ts';
import { linkQmp } from './machine/qmp-link.ts';
import { startQemu } from './qemu-process.ts';
import type { Launch, MachineFacts } from './types.ts';
import type { Phase } from './watch/console-watch.ts';
import { DEFAULT_LIMITS, type Limits, nestedLimits } from './watch/limits.ts';
import { monitorGuest } from './watch/monitor.ts';

export { APPLIANCE_FILE, CONSOLE_FILE, EXITS_FILE };

export interface BootOptions {
  /** An existing folder; console.log, command.sh and qemu-stderr.log are written there. */
  readonly folder: string;
  readonly limits?: Partial<Limits>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (phase: Phase, guestS: number | null) => void;
}

/** A guest's life, told. */
export interface Boot {
  readonly ending: Ending;
  readonly consolePath: string;
  /** Of a nested guest the appliance's machine. Null where QEMU ended before it answered. */
  readonly machine: MachineFacts | null;
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** The counts of a KVM guest's exits belong to its evidence, however it ended. */
async function keepExits(launch: Launch, from: string, folder: string): Promise<void> {
  if (launch.environment === undefined || launch.nested !== undefined) return;
  await copyFile(join(from, EXITS_FILE), join(folder, EXITS_FILE)).catch((error: NodeJS.ErrnoException) => {
    // QEMU never got so far as to make it; that is told by the ending.
    if (error.code !== 'ENOENT') throw error;
  });
}

/** Boots a guest to its end. Whatever happens to it is the value; throws only where results cannot be written. */
export async function bootGuest(launch: Launch, options: BootOptions): Promise<Boot> {
  const started = performance.now();
  const files = await openBootFiles(options.folder, launch);
  try {
    const scratch = await makeScratch();
    try {
      const qemu = startQemu(launch, scratch.path, files);
      const link = linkQmp(
        join(scratch.path, QMP_SOCKET),
        launch.nested ? 'max' : launch.guest.cpu,
        () => qemu.exit() !== null,
      );
      const life = await monitorGuest({
        launch,
        limits: {
          ...DEFAULT_LIMITS,
          ...(launch.nested === undefined ? {} : nestedLimits(launch.guest)),
          ...options.limits,
        },
        qemu,
        link,
        consolePath: files.consolePath,
        signal: options.signal,
        onProgress: options.onProgress,
      });
      await keepExits(launch, scratch.path, options.folder);
      const ending = reclassifyEnding(life.ending, launch, life.machine);
      return {
        ending: await checkDiskFull(ending, options.folder),
        consolePath: files.consolePath,
        machine: life.machine,
        wallMs: Math.round(performance.now() - started),
        cpuMs: life.cpuMs,
      };
    } finally {
      await scratch.remove();
    }
  } finally {
    await files.close();
  }
}
