/** Runs the program as a user does: the launcher, in a folder of its own, with a temp folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

export const LAUNCHER = join(import.meta.dirname, '..', '..', 'tscmatrix');
/** The cache that all tests share, so that a kernel is fetched once. */
export const CACHE =
  process.env.TSCMATRIX_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tscmatrix');

export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly done: Promise<Ran>;
  /** Resolves when stderr holds the text; rejects where the program ends without it. */
  says(text: string): Promise<void>;
  /** As Ctrl-C in a terminal: the program's helpers get it too. */
  interrupt(): void;
}

export interface Workshop {
  readonly folder: string;
  /** TMPDIR of the program. */
  readonly temp: string;
  /** Writes a file and gives its path. */
  file(name: string, content: string | Uint8Array): Promise<string>;
  start(args: readonly string[], options?: StartOptions): Started;
  run(args: readonly string[], options?: StartOptions): Promise<Ran>;
  /** What the program has left in its temp folder. */
  leftovers(): Promise<string[]>;
  remove(): Promise<void>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  readonly cwd?: string;
}

export async function openWorkshop(): Promise<Workshop> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'cli-test-')));
  const temp = join(folder, 'tmp');
  await mkdir(temp);
  const start = (args: readonly string[], options: StartOptions = {}): Started => {
    const env = { ...process.env, TMPDIR: temp, TSCMATRIX_CACHE: CACHE, ...options.env };
    // A process group of its own, as in a terminal.
    const child = spawn(LAUNCHER, args, { cwd: options.cwd ?? folder, env, detached: true });
    return follow(child, options.input);
  };
  return {
    folder,
    temp,
    async file(name, content) {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    },
    start,
    run: (args, options) => start(args, options).done,
    leftovers: () => readdir(temp),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function follow(child: ChildProcess, input: string | undefined): Started {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin?.on('error', () => {}); // It need not read what it is given.
  child.stdin?.end(input ?? '');
  const done = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (stderr.includes(text)) resolve();
      };
      look();
      child.stderr?.on('data', look);
      void done.then(() => reject(new Error(`it ended without saying ${JSON.stringify(text)}:\n${stderr}`)));
    });
  const interrupt = (): void => void process.kill(-(child.pid ?? 0), 'SIGINT');
  return { child, done, says, interrupt };
}

export const KERNEL = 'debian-6.1: { debian: linux-image-cloud-amd64, suite: bookworm }';
export const CELL = 'debian-6.1.tcg.deterministic';

/** Three cells, each a deterministic guest of some seconds; the third is not as expected. */
export const MATRIX = `
version: 1
name: three
kernels:
  ${KERNEL}
axes:
  hpet: [on, off]
include:
  - { kernel: debian-6.1, append: notsc }
expect:
  - registration: refined
    current: tsc
`;

/** Ids of processes whose command line holds a text, the asking one left out. */
export async function processesWith(text: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const line = await readFile(`/proc/${name}/cmdline`, 'latin1').catch(() => '');
    if (line.includes(text)) found.push(Number(name));
  }
  return found;
}

/** Ids of processes that a workshop's program has started: they have its TMPDIR in their environment. */
export async function processesOf(workshop: Workshop): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const environment = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '');
    if (environment.split('\0').includes(`TMPDIR=${workshop.temp}`)) found.push(Number(name));
  }
  return found;
}
