/** One QEMU process: started with its console in a file, and how it ended. */
import { appendFile, open, stat, truncate } from 'node:fs/promises';
import { lessPrivileges } from '../host/confine/privileges.ts';
import { processCpuMs, processWaitedMs, startProcess } from '../host/process.ts';
import type { BootFiles } from './boot-files.ts';
import type { QemuExit } from './ending/seen.ts';
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

/** What is kept of QEMU's words; thousand times what it says of anything. */
const STDERR_BYTES_MAX = 1024 * 1024;
/** How often its file is looked at, ms. */
const STDERR_LOOK_MS = 200;

/** The end of a file; what QEMU says last is why it ended. */
async function lastBytes(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const length = Math.min(size, STDERR_BYTES_MAX);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Keeps the file of a QEMU that never stops talking from filling the disk: it is emptied with a note when it passes twice
 * what is kept. QEMU appends, so its next word stands behind the note. Gives what to call when QEMU has ended.
 */
function capStderr(path: string): () => Promise<void> {
  const cut = async (): Promise<void> => {
    const { size } = await stat(path);
    if (size <= 2 * STDERR_BYTES_MAX) return;
    const end = await lastBytes(path);
    await truncate(path, 0);
    await appendFile(path, `[cut: ${size} bytes, of which these are the last]\n${end}\n`);
  };
  let last: Promise<unknown> = Promise.resolve();
  const look = setInterval(() => {
    last = last.then(cut).catch(() => undefined);
  }, STDERR_LOOK_MS);
  look.unref();
  return async () => {
    clearInterval(look);
    await last.then(cut).catch(() => undefined);
  };
}

/** Starts QEMU in `cwd`, where it makes its QMP socket. It dies with us, whatever ends us. */
export async function startQemu(launch: Launch, cwd: string, files: BootFiles): Promise<QemuProcess> {
  const {
    words: [outer = '', ...limits],
  } = await lessPrivileges();
  const variables = Object.entries(launch.environment ?? {}).map(([name, value]) => `${name}=${value}`);
  // By env(1): a library to preload is meant for QEMU, and not for the program that starts it.
  const command = variables.length === 0 ? [launch.qemu] : ['env', ...variables, launch.qemu];
  const child = startProcess(outer, [...limits, ...command, ...launch.argv], {
    cwd,
    // execa takes any open descriptor; its types list only the first ten.
    stdio: [
      'ignore',
      files.consoleFd as 1,
      files.stderrFd as 2,
      ...(files.applianceFd === null ? [] : [files.applianceFd as 3]),
    ],
    // A session of its own: Ctrl-C in a terminal is ours to handle, and must not look like a QEMU that died.
    detached: true,
    buffer: false,
    reject: false,
  });
  const stderrText = (): Promise<string> => lastBytes(files.stderrPath).catch(() => '');
  let exit: QemuExit | null = null;
  let cpuMs = 0;
  const endCap = capStderr(files.stderrPath);
  const exited = child.then(async (result): Promise<QemuExit> => {
    await endCap();
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
