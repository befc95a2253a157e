/** The files of one boot in its results folder: the command, the raw console and what QEMU said. */
import { appendFile, type FileHandle, open, stat, statfs, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault } from '../base/errors.ts';
import { innerCommand, shellCommand } from './launch/shell.ts';
import type { Launch } from './types.ts';

export const CONSOLE_FILE = 'console.log';
export const STDERR_FILE = 'qemu-stderr.log';
const COMMAND_FILE = 'command.sh';
/** The console of the appliance that a nested guest runs in. */
export const APPLIANCE_FILE = 'appliance.log';

/** Less room than this for the console, and its being cut short is the disk's fault. */
const ROOM_BYTES = 1024 * 1024;

export interface BootFiles {
  readonly consolePath: string;
  readonly stderrPath: string;
  readonly consoleFd: number;
  readonly stderrFd: number;
  /** Of a nested guest only. */
  readonly applianceFd: number | null;
  readonly appliancePath: string;
  close(): Promise<void>;
}

/** Makes the files anew in an existing folder. Throws HostFault if they cannot be written. */
export async function openBootFiles(folder: string, launch: Launch): Promise<BootFiles> {
  const consolePath = join(folder, CONSOLE_FILE);
  const stderrPath = join(folder, STDERR_FILE);
  const appliancePath = join(folder, APPLIANCE_FILE);
  const opened: FileHandle[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((file) => file.close()));
  };
  const openEmpty = async (path: string): Promise<number> => {
    await writeFile(path, '');
    // Appending: if the file is cut while QEMU writes, its next byte must not leave a hole.
    const file = await open(path, 'a');
    opened.push(file);
    return file.fd;
  };
  try {
    const inner = innerCommand(launch);
    const note = inner === null ? '' : `# In the appliance:\n${inner.replaceAll(/^/gm, '#   ')}\n`;
    await writeFile(join(folder, COMMAND_FILE), `#!/bin/sh\n${note}${shellCommand(launch)}\n`);
    const consoleFd = await openEmpty(consolePath);
    const stderrFd = await openEmpty(stderrPath);
    const applianceFd = launch.nested === undefined ? null : await openEmpty(appliancePath);
    return { consolePath, stderrPath, appliancePath, consoleFd, stderrFd, applianceFd, close };
  } catch (error) {
    await close();
    throw cannotWrite(error as NodeJS.ErrnoException, folder);
  }
}

function cannotWrite(error: NodeJS.ErrnoException, folder: string): HostFault {
  const full = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  return full
    ? new HostFault('disk-full', `no space left for the guest's console in ${folder}`, 'make room there', {
        cause: error,
      })
    : new HostFault('record-failed', `cannot write the guest's console: ${error.message}`, undefined, {
        cause: error,
      });
}

/**
 * Why the files of a boot could not take more: the disk or a quota is full, or the limit on a file's size is near. Null
 * if they could. It is tried, since only a write tells of a quota; QEMU has ended.
 */
export async function whyFull({
  consolePath,
  appliancePath,
  applianceFd,
}: BootFiles): Promise<string | null> {
  for (const path of applianceFd === null ? [consolePath] : [consolePath, appliancePath]) {
    const { size } = await stat(path);
    const { blocks, bavail, bsize } = await statfs(path);
    try {
      // What a file system keeps for root (statvfs(3)) is not for a QEMU that runs as another user.
      if (blocks > 0 && bavail * bsize < ROOM_BYTES) throw Object.assign(new Error(), { code: 'ENOSPC' });
      await appendFile(path, Buffer.alloc(ROOM_BYTES));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      const why = NO_ROOM[code];
      if (why === undefined) throw error;
      return `${path} holds ${size} bytes, and another ${ROOM_BYTES} could not be written: ${why} (${code})`;
    } finally {
      await truncate(path, size);
    }
  }
  return null;
}

const NO_ROOM: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left',
  EDQUOT: 'the quota is used up',
  EFBIG: "the limit on a file's size is reached, see ulimit -f",
};
