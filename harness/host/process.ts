/** Runs helper programs to their end. The only file that imports execa. */

import { open, readdir, readFile } from 'node:fs/promises';
import { execa, type Options } from 'execa';
import { HostFault } from '../base/errors.ts';
import { interruption, stopIfInterrupted } from './interruption.ts';

export interface ToolOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** `env` is the whole environment: nothing of ours is added. */
  readonly onlyEnv?: true;
  readonly timeoutMs?: number;
  readonly input?: string | Uint8Array;
  /** What to type if the program is missing, for example "apt-get install cpio". */
  readonly hint?: string;
  /** Called with each line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface ToolResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Children never outlive us, even after kill -9: the kernel sends them SIGKILL when our thread dies. */
const DIE_WITH_PARENT = ['--pdeathsig', 'KILL', '--'];

/** Starts a program that dies with us. `options` are execa's. */
export function startProcess(file: string, args: readonly string[], options: Options) {
  return execa('setpriv', [...DIE_WITH_PARENT, file, ...args], options);
}

/** Runs a program and gives its result whatever its exit code. Throws HostFault if it cannot run at all. */
export async function tryTool(
  file: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  const child = startProcess(file, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.onlyEnv === true ? { extendEnv: false } : {}),
    cancelSignal: interruption(),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    reject: false,
    // A session of its own: Ctrl-C in a terminal is ours to pass on, and must not look like a tool that died.
    detached: true,
    ...(options.onLine === undefined ? {} : { all: true }),
    maxBuffer: 512 * 1024 * 1024,
  });
  if (options.onLine !== undefined) {
    for await (const line of child.iterable({ from: 'all' })) options.onLine(String(line));
  }
  const result = await child;
  if (result.isCanceled) stopIfInterrupted(file);
  if (result.timedOut)
    throw new HostFault('tool-timeout', `${file} took longer than ${options.timeoutMs} ms`);
  // setpriv answers 127 if the program does not exist, 126 if it may not be executed.
  if (result.exitCode === 127 || (result.exitCode === undefined && result.code === 'ENOENT')) {
    throw new HostFault('tool-missing', `the program ${file} is not installed`, options.hint);
  }
  if (result.exitCode === undefined) {
    throw new HostFault('tool-failed', `${file} died: ${result.shortMessage}`);
  }
  return {
    exitCode: result.exitCode,
    stdout: String(result.stdout ?? ''),
    stderr: String(result.stderr ?? ''),
  };
}

/** Runs a program that must succeed; a failure is a HostFault with the end of its stderr. */
export async function runTool(
  file: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  const result = await tryTool(file, args, options);
  if (result.exitCode !== 0) {
    const tail = (result.stderr || result.stdout).trim().split('\n').slice(-8).join('\n');
    throw new HostFault(
      'tool-failed',
      `${file} ${args.join(' ')} ended with ${result.exitCode}:\n${tail}`,
      options.hint,
    );
  }
  return result;
}

/**
 * $1 is a lock file, the rest a command. All of its descendants hold the lock, and all are killed at once when stdin
 * ends, which is also when we are killed: --pdeathsig reaches a child, not a child's children. ninja gives each command
 * a process group of its own, some moments after it was started, so all processes of our session are looked for (state,
 * parent, group and session are the first fields after the name in /proc/PID/stat, see proc(5)), and the command is
 * stopped first, that it starts no more. Exit code 124 stands for a lock file that cannot be had.
 */
const GROUP = `
exec 9>"$1" && flock 9 || exit 124
shift
exec 3<&0
"$@" </dev/null 3<&- &
main=$!
( read -r _ <&3
  kill -STOP $main
  self=$(exec sh -c 'echo $PPID')
  again=yes
  while [ $again = yes ]; do
    again=no
    for stat in /proc/[0-9]*/stat; do
      pid=\${stat#/proc/}
      pid=\${pid%/stat}
      case $pid in $$ | $main | $self) continue ;; esac
      read -r line <"$stat" || continue
      set -- \${line##*) }
      [ "$4" = $$ ] && [ "$1" != Z ] && kill -KILL $pid && again=yes
    done
  done
  kill -KILL 0 ) >/dev/null 2>&1 9>&- &
exec 9>&- 3<&-
wait $main
`;

interface GroupOptions {
  readonly cwd: string;
  /** The whole environment: nothing of ours is added. */
  readonly env: Readonly<Record<string, string>>;
  /** Held by the program and everything it starts; waited for if something of an earlier one still runs. */
  readonly lockFile: string;
  /** Each line of stdout and stderr is appended to it. */
  readonly logPath: string;
  /** Called with each line as it comes. */
  readonly onLine?: ((line: string) => void) | undefined;
}

export interface GroupEnd {
  readonly exitCode: number;
  readonly lines: readonly string[];
}

/** Runs a program that starts others, such as make, in a group that ends with us. Rejects if the log cannot be written. */
export async function runGroup(
  file: string,
  args: readonly string[],
  options: GroupOptions,
): Promise<GroupEnd> {
  const log = await open(options.logPath, 'a');
  const stream = log.createWriteStream();
  const written = new Promise<void>((resolve, reject) => stream.on('finish', resolve).on('error', reject));
  written.catch(() => {}); // Looked at below, once the program has ended.
  const lines: string[] = [];
  let exitCode: number;
  try {
    exitCode = await runLines(file, args, options, (line) => {
      stream.write(`${line}\n`);
      lines.push(line);
      options.onLine?.(line);
    });
  } finally {
    stream.end();
  }
  await written;
  return { exitCode, lines };
}

async function runLines(
  file: string,
  args: readonly string[],
  options: GroupOptions,
  onLine: (line: string) => void,
): Promise<number> {
  stopIfInterrupted(file);
  const child = execa('sh', ['-c', GROUP, 'sh', options.lockFile, file, ...args], {
    cwd: options.cwd,
    env: options.env,
    extendEnv: false,
    detached: true,
    cleanup: false,
    stdin: 'pipe',
    all: true,
    buffer: false,
    reject: false,
  });
  const end = (): void => void child.stdin?.end();
  child.stdin?.on('error', () => {}); // EPIPE: the group is gone already, which its exit code tells.
  const signal = interruption();
  signal.addEventListener('abort', end, { once: true });
  try {
    for await (const line of child.iterable({ from: 'all' })) onLine(String(line));
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
  const { exitCode } = await child;
  stopIfInterrupted(file);
  if (exitCode === 124) throw new HostFault('lock-failed', `cannot lock ${options.lockFile}`);
  return exitCode ?? 128;
}

/** CPU time of a running process so far, user and system; null if it is gone. Resolution 10 ms (USER_HZ). */
export async function processCpuMs(pid: number | undefined): Promise<number | null> {
  if (pid === undefined) return null;
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // Fields after the command's closing bracket: state is the first, utime the 12th, stime the 13th (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return null;
  }
}

/**
 * Time that the threads of a process have been ready to run and did not, ms, added up; null if it is gone or the kernel
 * does not tell: the second field of schedstat, ns (Documentation/scheduler/sched-stats.rst).
 */
export async function processWaitedMs(pid: number | undefined): Promise<number | null> {
  try {
    const threads = await readdir(`/proc/${pid}/task`);
    const stats = await Promise.all(
      threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').catch(() => '')),
    );
    return stats.reduce((sum, stat) => sum + Number(stat.split(' ')[1] ?? 0), 0) / 1e6;
  } catch {
    return null;
  }
}
