/** Boots one guest: starts QEMU, follows it, and tells how its life went. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApplianceEvidence } from '../evidence/appliance.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { readInside } from '../host/inside.ts';
import { makeScratch } from '../host/scratch.ts';
import { APPLIANCE_FILE, CONSOLE_FILE, openBootFiles, whyFull } from './boot-files.ts';
import { type Dump, keepDump } from './dump-file.ts';
import type { Ending } from './ending/ending.ts';
import { endingOf } from './ending/rules.ts';
import { gatherFrom } from './gather.ts';
import { QMP_SOCKET } from './launch/arguments.ts';
import { EXITS_FILE } from './launch/ref-delay.ts';
import { machineFactsFrom } from './machine/machine-questions.ts';
import { DUMP_FILE } from './machine/memory-dump.ts';
import { linkQmp } from './machine/qmp-link.ts';
import { startQemu } from './qemu-process.ts';
import type { Launch, MachineFacts } from './types.ts';
import type { Phase } from './watch/console-watch.ts';
import { type Limits, limitsFor, withTests } from './watch/limits.ts';
import { monitorGuest } from './watch/monitor.ts';

export { APPLIANCE_FILE, CONSOLE_FILE, EXITS_FILE };

export interface BootOptions {
  /** An existing folder; console.log, command.sh and qemu-stderr.log are written there. */
  readonly folder: string;
  readonly limits?: Partial<Limits>;
  readonly onProgress?: (phase: Phase, guestS: number | null) => void;
  /** Keep the memory of a guest that did not come to its end, as memory.dump in the folder. */
  readonly dump?: boolean;
}

/** What one boot left behind, and what that makes of it. */
export interface Boot {
  readonly ending: Ending;
  readonly consolePath: string;
  readonly evidence: Evidence;
  /** Of a nested guest only. */
  readonly appliance: ApplianceEvidence | null;
  /** The machine under test. Null if its QEMU did not tell. */
  readonly machine: MachineFacts | null;
  /** The machine that we started: of a nested guest the appliance's, else the same. */
  readonly outer: MachineFacts | null;
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Null: none was asked for, or the guest came to its end. */
  readonly dump: Dump | null;
}

/** The counts of a KVM guest's exits belong to its evidence, however it ended. */
async function keepExits(launch: Launch, from: string, folder: string): Promise<void> {
  if (launch.environment === undefined || launch.nested !== undefined) return;
  // The folder is QEMU's, which may have put anything there.
  const counts = await readInside(from, EXITS_FILE).catch((error: NodeJS.ErrnoException) => {
    // QEMU never got so far as to make it; that is told by the ending.
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (counts !== null) await writeFile(join(folder, EXITS_FILE), counts);
}

/** Boots a guest to its end. Whatever happens to it is the value; throws only if results cannot be written. */
export async function bootGuest(launch: Launch, options: BootOptions): Promise<Boot> {
  const started = performance.now();
  const files = await openBootFiles(options.folder, launch);
  try {
    const scratch = await makeScratch();
    try {
      // Its own, since it may be given to another user; the folder around it stays ours to remove.
      const cwd = join(scratch.path, 'qemu');
      await mkdir(cwd, { mode: 0o700 });
      const qemu = await startQemu(launch, cwd, files);
      const link = linkQmp(
        join(cwd, QMP_SOCKET),
        launch.nested ? 'max' : launch.guest.cpu,
        () => qemu.exit() !== null,
        options.dump === true && launch.nested === undefined,
      );
      const limits = withTests({ ...limitsFor(launch.guest, launch.accelerator), ...options.limits }, launch);
      const { consolePath } = files;
      const { onProgress } = options;
      const watched = await monitorGuest({
        launch,
        limits,
        qemu,
        link,
        consolePath,
        onProgress,
        dumpTo: options.dump === true ? DUMP_FILE : undefined,
      });
      await keepExits(launch, cwd, options.folder);
      const { evidence, appliance } = await gatherFrom(options.folder, launch);
      const { machine: outer, cpuMs, dump: made, ...seen } = watched;
      const dump = made === null ? null : await keepDump(made, cwd, options.folder);
      const machine =
        appliance === null
          ? outer
          : machineFactsFrom(
              appliance.qmp.map(({ value }) => value),
              launch.guest.cpu,
            );
      const full = seen.console.ended ? null : await whyFull(files);
      return {
        ending: endingOf({ ...seen, launch, floodBytes: limits.floodBytes, outer, machine, full, appliance }),
        consolePath,
        evidence,
        appliance,
        machine,
        outer,
        wallMs: Math.round(performance.now() - started),
        cpuMs,
        dump,
      };
    } finally {
      await scratch.remove();
    }
  } finally {
    await files.close();
  }
}
