/**
 * The nested part of npm run bench: what a cell of seed-full.yaml takes on average with the jobs that the machine has,
 * beside the same kernel under plain TCG and on the system's QEMU; how soon the appliance is up; memory at work. Wall
 * time is what the bars are about; CPU time stands beside it, for a machine that others use too.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { $ } from 'zx';

export type Row = (name: string, figure: string, bar: string, good: boolean) => void;

const ROOT = join(import.meta.dirname, '..');
const TSCMATRIX = join(ROOT, 'tscmatrix');
const FULL = join(ROOT, 'matrices', 'seed-full.yaml');
/** One kernel in every fourth guest: all personalities, both ways to end, one and two CPUs, as in the whole. */
const SAMPLE = ['--filter', 'kernel=stock', '--shard', '1/4'];
/** Clock ticks of /proc/PID/stat, USER_HZ: 100 a second on every Linux of this architecture. */
const TICK_MS = 10;

interface Event {
  readonly type: string;
  readonly at: string;
  readonly cell?: string;
  readonly folder?: string;
  readonly cpuMs?: number;
  readonly wallMs?: number;
  readonly outcome?: string;
}

async function eventsOf(results: string): Promise<Event[]> {
  const log = await readFile(join(results, 'latest', 'events.jsonl'), 'utf8');
  return log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);
}

const finishedOf = (events: readonly Event[]): Event[] =>
  events.filter(({ type }) => type === 'cell-finished');
const cpuSOf = (cells: readonly Event[]): number =>
  cells.reduce((sum, { cpuMs = 0 }) => sum + cpuMs, 0) / 1000 / cells.length;
const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
/** "4.08 s, x0.68": a figure and its ratio to the bar. */
const ofBar = (value: number, bar: number, unit: string, digits = 2): string =>
  `${value.toFixed(digits)} ${unit}, x${(value / bar).toFixed(2)}`;

interface Use {
  /** Peak resident memory, MiB. */
  readonly peakMiB: number;
  readonly cpuMs: number;
}

/** The last of a line of processes each of which has one child: the shells, and QEMU, which has none. */
async function lastBelow(shell: number): Promise<number> {
  for (let pid = shell; ; ) {
    const [child = ''] = (await $`pgrep -P ${pid}`.nothrow()).stdout.trim().split('\n');
    if (child === '') return pid;
    pid = Number(child);
  }
}

/** Of the QEMU below a shell; null if it is gone. */
async function useOf(shell: number): Promise<Use | null> {
  const pid = await lastBelow(shell);
  const [status, stat] = await Promise.all(
    ['status', 'stat'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
  );
  const peakKiB = /VmHWM:\s+(\d+)/.exec(status ?? '')?.[1];
  if (peakKiB === undefined) return null;
  // utime and stime are fields 14 and 15 of proc(5), counted after the name, which may hold spaces.
  const fields = (stat ?? '').replace(/^.*\) /s, '').split(' ');
  return { peakMiB: Number(peakKiB) / 1024, cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS };
}

interface Alone {
  /** Until the appliance says that it starts its guest. */
  readonly upMs: number;
  readonly upCpuMs: number;
  readonly wholeMs: number;
  readonly peakMiB: number;
}

/** Runs a cell's own command line in a shell. */
async function startAlone(script: string, folder: string): Promise<Alone> {
  const log = join(folder, 'appliance.log');
  await writeFile(log, '');
  const start = performance.now();
  const run = $({ cwd: folder })`sh ${script} < /dev/null > console.log`.nothrow();
  let [upMs, upCpuMs, peakMiB] = [Number.NaN, Number.NaN, 0];
  let over = false;
  void run.then(() => {
    over = true;
  });
  while (!over) {
    await sleep(10);
    const up = Number.isNaN(upMs) && (await readFile(log, 'latin1')).includes(' l2start ');
    if (up) upMs = performance.now() - start;
    const use = await useOf(run.pid ?? 0);
    if (up && use !== null) upCpuMs = use.cpuMs;
    peakMiB = Math.max(peakMiB, use?.peakMiB ?? 0);
  }
  return { upMs, upCpuMs, wholeMs: performance.now() - start, peakMiB };
}

/** CPU time of the stock kernel, alone in its guest: nested on either QEMU, and under plain TCG. */
async function benchBeside(folder: string): Promise<void> {
  const { stdout } = await $`${TSCMATRIX} build ${FULL} --kernel stock --json`;
  const [kernel] = JSON.parse(stdout) as readonly { readonly path: string }[];
  const matrix = join(folder, 'beside.yaml');
  const cells = 'include: [{ topology: nested }, { topology: nested, qemu: system }, { topology: tcg }]';
  await writeFile(
    matrix,
    `version: 1\nname: beside\nkernels: { stock: { image: "${kernel?.path}" } }\ndefaults: { hpet: off }\n${cells}\n`,
  );
  const results = join(folder, 'results-beside');
  await $`${TSCMATRIX} run ${matrix} --repeat 3 --jobs 1 --results ${results} --reporter none`.nothrow();
  const events = await eventsOf(results);
  const cpuS = (wanted: (cell: string) => boolean): number =>
    middle(
      finishedOf(events)
        .filter(({ cell = '' }) => wanted(cell))
        .map(({ cpuMs = 0 }) => cpuMs / 1000),
    );
  const system = cpuS((cell) => cell.includes('qemu=system'));
  const tcg = cpuS((cell) => cell.includes('.tcg.'));
  const pinned = cpuS((cell) => !cell.includes('qemu=system') && !cell.includes('.tcg.'));
  const retried = events.filter(({ type }) => type === 'cell-retried').length;
  console.log(
    `      CPU time of the stock kernel, nested ${pinned.toFixed(2)} s: x${(pinned / tcg).toFixed(2)} of plain TCG (${tcg.toFixed(2)} s), x${(pinned / system).toFixed(2)} of the system's QEMU (${system.toFixed(2)} s, ${retried} retried)`,
  );
}

export async function benchNested(folder: string, row: Row): Promise<void> {
  const results = join(folder, 'results-nested');
  // Kernels, appliance and QEMU are made before the clock starts.
  await $`${TSCMATRIX} plan ${FULL} --filter kernel=stock --command`;
  await $`${TSCMATRIX} run ${FULL} ${SAMPLE} --results ${results} --reporter none`.nothrow();
  const events = await eventsOf(results);
  const times = events
    .filter(({ type }) => /^cell-(started|finished)$/.test(type))
    .map(({ at }) => Date.parse(at));
  const finished = finishedOf(events);
  const unexpected = events.filter(({ type, outcome }) => type === 'cell-judged' && outcome !== 'expected');
  const retried = events.filter(({ type }) => type === 'cell-retried').length;
  const averageS = (Math.max(...times) - Math.min(...times)) / 1000 / finished.length;
  const cpuS = cpuSOf(finished);
  const cpus = availableParallelism();
  const name = `${finished.length} nested deterministic cells, wall time each`;
  row(name, ofBar(averageS, 6, 's'), '6 s', averageS <= 6);
  console.log(
    `      CPU time each ${cpuS.toFixed(2)} s; on ${cpus} CPUs x${(averageS / (cpuS / cpus)).toFixed(2)} of the least wall time that this allows`,
  );
  console.log(`      ${unexpected.length} not as expected, ${retried} retried`);
  const script = join(results, 'latest', finished[0]?.folder ?? '', 'command.sh');
  const starts: Alone[] = [];
  for (let i = 0; i < 3; i++) starts.push(await startAlone(script, folder));
  const upS = middle(starts.map(({ upMs }) => upMs)) / 1000;
  const upCpuS = middle(starts.map(({ upCpuMs }) => upCpuMs)) / 1000;
  row('  the appliance is up and starts its guest', ofBar(upS, 2.5, 's'), '2.5 s', upS <= 2.5);
  console.log(
    `      CPU time ${upCpuS.toFixed(2)} s; x${middle(starts.map(({ upMs, wholeMs }) => upMs / wholeMs)).toFixed(2)} of the whole cell`,
  );
  const peakMiB = Math.max(...starts.map((start) => start.peakMiB));
  row(
    '  memory of a guest at work, peak',
    ofBar(peakMiB, 1200, 'MiB', 0),
    '1200 MiB',
    peakMiB > 0 && peakMiB <= 1200,
  );
  await benchBeside(folder);
}
