/**
 * The nested part of npm run bench: how soon the appliance is up, what a cell of seed-full.yaml takes on average with
 * the jobs that the machine has, and how much memory a guest at work needs.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { $ } from 'zx';

export type Row = (name: string, figure: string, bar: string, good: boolean) => void;

const ROOT = join(import.meta.dirname, '..');
const TSCMATRIX = join(ROOT, 'tscmatrix');
/** Two kernels in every guest of one personality: both ways to end, one and two CPUs, as in the whole. */
const SAMPLE = ['kernel=stock', 'personality=kvm'];

interface Event {
  readonly type: string;
  readonly at: string;
  readonly folder?: string;
  readonly cpuMs?: number;
  readonly outcome?: string;
}

async function eventsOf(results: string): Promise<Event[]> {
  const log = await readFile(join(results, 'latest', 'events.jsonl'), 'utf8');
  return log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);
}

/** Peak resident memory of the QEMU below a shell, kB; 0 where it is gone. */
async function peakKiB(shell: number): Promise<number> {
  const children = (await $`pgrep -P ${shell}`.nothrow()).stdout.trim().split('\n');
  const status = await readFile(`/proc/${children[0]}/status`, 'utf8').catch(() => '');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
}

/** Runs a cell's own command line, and sees when the appliance says that it starts its guest. */
async function startAlone(script: string, folder: string): Promise<{ upMs: number; peakMiB: number }> {
  const log = join(folder, 'appliance.log');
  await writeFile(log, '');
  const start = performance.now();
  const run = $({ cwd: folder })`sh ${script} < /dev/null > console.log`.nothrow();
  let upMs = Number.NaN;
  let peak = 0;
  let over = false;
  void run.then(() => {
    over = true;
  });
  while (!over) {
    await sleep(10);
    if (Number.isNaN(upMs) && (await readFile(log, 'latin1')).includes(' l2start ')) {
      upMs = performance.now() - start;
    }
    peak = Math.max(peak, await peakKiB(run.pid ?? 0));
  }
  return { upMs, peakMiB: peak / 1024 };
}

export async function benchNested(folder: string, row: Row): Promise<void> {
  const results = join(folder, 'results-nested');
  const filters = SAMPLE.flatMap((filter) => ['--filter', filter]);
  const matrix = join(ROOT, 'matrices', 'seed-full.yaml');
  // Kernels, appliance and QEMU are made before the clock starts.
  await $`${TSCMATRIX} plan ${matrix} ${filters} --command`;
  await $`${TSCMATRIX} run ${matrix} ${filters} --results ${results} --reporter none`.nothrow();
  const events = await eventsOf(results);
  const times = events
    .filter(({ type }) => /^cell-(started|finished)$/.test(type))
    .map(({ at }) => Date.parse(at));
  const finished = events.filter(({ type }) => type === 'cell-finished');
  const unexpected = events.filter(({ type, outcome }) => type === 'cell-judged' && outcome !== 'expected');
  const averageS = (Math.max(...times) - Math.min(...times)) / 1000 / finished.length;
  const cpuS = finished.reduce((sum, { cpuMs = 0 }) => sum + cpuMs, 0) / 1000 / finished.length;
  const name = `${finished.length} nested deterministic cells, wall time each`;
  row(name, `${averageS.toFixed(2)} s`, '6 s', averageS <= 6);
  console.log(
    `      CPU time each ${cpuS.toFixed(2)} s, ${availableParallelism()} CPUs; ${unexpected.length} not as expected`,
  );
  const script = join(results, 'latest', finished[0]?.folder ?? '', 'command.sh');
  const starts = [];
  for (let i = 0; i < 3; i++) starts.push(await startAlone(script, folder));
  const upS = (starts.map(({ upMs }) => upMs).sort((a, b) => a - b)[1] ?? Number.NaN) / 1000;
  row('  the appliance is up and starts its guest', `${upS.toFixed(2)} s`, '2.5 s', upS <= 2.5);
  const peakMiB = Math.max(...starts.map((start) => start.peakMiB));
  row('  memory of a guest at work, peak', `${peakMiB.toFixed(0)} MiB`, '1200 MiB', peakMiB <= 1200);
}
