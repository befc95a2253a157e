/** One QEMU process: started with its console in a file, and how it ended. */
import { appendFile, chown, open, stat, truncate } from 'node:fs/promises';
import { HostFault } from '../base/errors.ts';
import { lessPrivileges } from '../host/confine/privileges.ts';
import { processCpuMs, processWaitedMs, startProcess } from '../host/process.ts';
import type { BootFiles } from './boot-files.ts';
import type { QemuExit } from './ending/seen.ts';
import { lend } from './lent-files.ts';
import type { Launch } from './types.ts';

export interface QemuProcess {
  /** Null while it runs. */
  exit(): QemuExit | null;
  /** Resolves when it has ended; never rejects. */
  readonly exited: Promise<QemuExit>;
  /** CPU time used so far, ms; of an ended process what it had used at the last question. */
  cpuMs(): Promise<number>;
  /** Time that its threads have waited for a CPU so far, ms; null if this host does not tell. */
  waitedMs(): Promise<number | null>;
  /** Ends it at once, also if it is stopped. */
  kill(): void;
}

/** What is kept of QEMU's words, and of the appliance's own console; thousand times what they say of anything. */
const STDERR_BYTES_MAX = 1024 * 1024;
const APPLIANCE_BYTES_MAX = 8 * 1024 * 1024;
/** How often their files are looked at, ms. */
const LOOK_MS = 200;

/** The end of a file; what QEMU says last is why it ended. */
async function lastBytes(path: string, bytesMax: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const length = Math.min(size, bytesMax);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Keeps the file of one that never stops talking from filling the disk: it is emptied with a note when it passes twice what
 * is kept. QEMU appends, so its next word stands behind the note. Gives what to call when QEMU has ended.
 */
export function capFile(path: string, bytesMax: number): () => Promise<void> {
  const cut = async (): Promise<void> => {
    const { size } = await stat(path);
    if (size <= 2 * bytesMax) return;
    const end = await lastBytes(path, bytesMax);
    await truncate(path, 0);
    const note = `[cut: ${size} bytes, of which these are the last]\n`;
    await appendFile(path, Buffer.concat([Buffer.from(note), end, Buffer.from('\n')]));
  };
  let last: Promise<unknown> = Promise.resolve();
  const look = setInterval(() => {
    last = last.then(cut).catch(() => undefined);
  }, LOOK_MS);
  look.unref();
  return async () => {
    clearInterval(look);
    await last.then(cut).catch(() => undefined);
  };
}

/** To the user that QEMU runs as: what it opens by name, and the folder that it makes its socket in. */
async function giveTo(id: number | null, paths: readonly string[]): Promise<void> {
  if (id === null) return;
  for (const path of paths)
    await chown(path, id, id).catch((error: Error) => {
      throw new HostFault(
        'record-failed',
        `cannot give ${path} to the user ${id}, as whom QEMU runs: ${error.message}`,
        'write the results to another file system, or run as an ordinary user',
        { cause: error },
      );
    });
}

/** Starts QEMU in `cwd`, where it makes its QMP socket. It dies with us, whatever ends us. `stdin`: ours for a guest on a terminal. */
export async function startQemu(
  launch: Launch,
  cwd: string,
  files: BootFiles,
  stdin: 'ignore' | 'inherit' = 'ignore',
): Promise<QemuProcess> {
  const {
    words: [outer = '', ...limits],
    id,
  } = await lessPrivileges({
    // The pinned QEMU has no files but those that its arguments name.
    program: launch.emulator === 'pinned' ? null : launch.qemu,
    kvm: (launch.nested?.outer ?? launch.accelerator) === 'kvm',
  });
  // execa takes any open descriptor; its types list only the first ten.
  const appliance = files.applianceFd === null ? [] : [files.applianceFd];
  await giveTo(id, [cwd, ...(files.applianceFd === null ? [] : [files.appliancePath])]);
  const { qemu, argv, environment, lent } = await (id === null
    ? { ...launch, lent: null }
    : lend(launch, cwd, 3 + appliance.length));
  const variables = Object.entries(environment ?? {}).map(([name, value]) => `${name}=${value}`);
  // By env(1): a library to preload is meant for QEMU, and not for the program that starts it.
  const command = variables.length === 0 ? [qemu] : ['env', ...variables, qemu];
  const child = startProcess(outer, [...limits, ...command, ...argv], {
    cwd,
    stdio: [
      stdin,
      files.consoleFd as 1,
      files.stderrFd as 2,
      ...([...appliance, ...(lent?.fds ?? [])] as 3[]),
    ],
    // A session of its own: Ctrl-C in a terminal is ours to handle, and must not look like a QEMU that died.
    detached: true,
    buffer: false,
    reject: false,
  });
  await lent?.close();
  const stderrText = (): Promise<string> =>
    lastBytes(files.stderrPath, STDERR_BYTES_MAX).then(String, () => '');
  let exit: QemuExit | null = null;
  let cpuMs = 0;
  const endCaps = [
    capFile(files.stderrPath, STDERR_BYTES_MAX),
    ...(files.applianceFd === null ? [] : [capFile(files.appliancePath, APPLIANCE_BYTES_MAX)]),
  ];
  const exited = child.then(async (result): Promise<QemuExit> => {
    await Promise.all(endCaps.map((end) => end()));
    if (id !== null && files.applianceFd !== null)
      await chown(files.appliancePath, 0, 0).catch(() => undefined);
    const missing = result.code === 'ENOENT';
    exit = {
      exitCode: missing ? 127 : (result.exitCode ?? null),
      signal: result.signal ?? null,
      stderr: missing ? 'the program setpriv of util-linux is not installed' : await stderrText(),
    };
    return exit;
  });
  return {
    exit: () => exit,
    exited,
    cpuMs: async () => {
      cpuMs = (await processCpuMs(child.pid)) ?? cpuMs;
      return cpuMs;
    },
    waitedMs: () => processWaitedMs(child.pid),
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}
