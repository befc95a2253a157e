/**
 * npm run bench: pairs things in one run and prints ratios. Wants a quiet machine; says how loaded it was.
 * Parts can be named: npm run bench -- cell help plan nested build
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { $ } from 'zx';
import { median } from '../harness/base/figures.ts';
import { benchNested } from './bench-nested.ts';

$.quiet = true;
const ROOT = join(import.meta.dirname, '..');
const TSCMATRIX = join(ROOT, 'tscmatrix');

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function row(name: string, figure: string, bar: string, good: boolean): void {
  console.log(`${good ? 'ok  ' : 'OVER'}  ${name.padEnd(52)} ${figure.padStart(16)}   bar ${bar}`);
}

const MATRIX = (axes: string): string => `version: 1
name: bench
kernels:
  debian: { debian: linux-image-cloud-amd64, suite: bookworm }
${axes}`;

interface Finished {
  readonly type: string;
  readonly wallMs: number;
  readonly folder: string;
  readonly cpuMs: number;
}

/** What the latest run in a results folder says of its guests. */
async function finishedCells(results: string): Promise<Finished[]> {
  const log = (await $`cat ${results}/latest/events.jsonl`).stdout.trim().split('\n');
  return log.map((line) => JSON.parse(line) as Finished).filter(({ type }) => type === 'cell-finished');
}

/** One cell through us, and its own command.sh in a shell, turn by turn. */
async function benchCell(folder: string, clock: string, pairs: number): Promise<void> {
  const matrix = join(folder, 'cell.yaml');
  await writeFile(matrix, MATRIX(`axes: { clock: [${clock}] }`));
  const ratios: number[] = [];
  const wholes: number[] = [];
  for (let i = 0; i < pairs; i++) {
    const results = join(folder, `results-${clock}-${i}`);
    const whole = await timed(() =>
      $`${TSCMATRIX} run ${matrix} --results ${results} --reporter none`.nothrow(),
    );
    const [cell] = await finishedCells(results);
    if (cell === undefined) throw new Error(`the cell did not finish; see ${results}`);
    const script = join(results, 'latest', cell.folder, 'command.sh');
    const shell = await timed(() => $({ cwd: folder })`sh ${script} < /dev/null > by-hand.log`);
    ratios.push(cell.wallMs / shell);
    wholes.push(whole / shell);
  }
  const ratio = median(ratios);
  row(`a ${clock} cell against its command line in a shell`, ratio.toFixed(3), '1.05', ratio <= 1.05);
  console.log(
    `      the whole command with start-up, checks and record: ${median(wholes).toFixed(3)} times the shell`,
  );
}

async function benchHelp(): Promise<void> {
  await $`${TSCMATRIX} --help`;
  const times: number[] = [];
  for (let i = 0; i < 15; i++) times.push(await timed(() => $`${TSCMATRIX} --help`));
  row('tscmatrix --help', `${median(times).toFixed(0)} ms`, '150 ms', median(times) < 150);
}

async function benchPlan(folder: string): Promise<void> {
  const matrix = join(folder, 'big.yaml');
  const appends = Array.from({ length: 500 }, (_, i) => `word${i}`).join(', ');
  const memories = Array.from({ length: 25 }, (_, i) => 256 + i).join(', ');
  const axes = `axes: { append: [${appends}], memory: [${memories}], hpet: [on, off], pmtimer: [on, off], smp: [1, 2] }
defaults: { clock: real }`;
  await writeFile(matrix, MATRIX(axes));
  const hook = join(folder, 'memory.mjs');
  await writeFile(hook, "process.on('exit', () => console.error('maxrss', process.resourceUsage().maxRSS));");
  const times: number[] = [];
  let peakMiB = 0;
  let cells = 0;
  for (let i = 0; i < 5; i++) {
    const run = $({ env: { ...process.env, NODE_OPTIONS: `--import=${hook}` } });
    times.push(
      await timed(async () => {
        const { stdout, stderr } = await run`${TSCMATRIX} plan ${matrix} | wc -l`;
        cells = Number(stdout);
        peakMiB = Math.max(peakMiB, Number(/maxrss (\d+)/.exec(stderr)?.[1]) / 1024);
      }),
    );
  }
  row(`a plan of ${cells} cells, printed`, `${median(times).toFixed(0)} ms`, '1000 ms', median(times) < 1000);
  row('  its memory at the peak', `${peakMiB.toFixed(0)} MiB`, '300 MiB', peakMiB < 300);
}

interface Built {
  readonly path?: string;
  readonly cached?: boolean;
}

/** From an empty cache: the first kernel of a tree, each further one, and all of them again. */
async function benchBuild(folder: string): Promise<void> {
  const seed = join(ROOT, 'matrices', 'seed-full.yaml');
  const variants = [
    'stock',
    'threshold-raised',
    'tsc-reliable',
    'tsc-reliable-literal',
    'refine-fix',
    'known-freq',
    'marked',
  ];
  const env = { ...process.env, TSCMATRIX_CACHE: join(folder, 'cache') };
  const build = (...names: string[]): Promise<number> =>
    timed(() => $({ env })`${TSCMATRIX} build ${seed} ${names.flatMap((name) => ['--kernel', name])} --json`);
  const first = await build('upstream-fixed');
  row(
    'the first kernel from nothing, source fetched',
    `${(first / 1000).toFixed(0)} s`,
    '240 s',
    first < 240_000,
  );
  const further: number[] = [];
  for (const name of variants) further.push(await build(name));
  const slowest = Math.max(...further);
  row('each further variant, the slowest of 7', `${(slowest / 1000).toFixed(1)} s`, '15 s', slowest < 15_000);
  const warm = await timed(async () => {
    const { stdout } = await $({
      env,
    })`${TSCMATRIX} build ${seed} ${variants.flatMap((name) => ['--kernel', name])} --json`;
    const kernels = JSON.parse(stdout) as readonly Built[];
    if (kernels.length === 0 || kernels.some(({ cached }) => cached !== true))
      throw new Error('a warm start has built something');
  });
  const results = join(folder, 'results-built');
  const [kernel] = JSON.parse(
    (await $({ env })`${TSCMATRIX} build ${seed} --kernel upstream-fixed --json`).stdout,
  ) as readonly Built[];
  const matrix = join(folder, 'built.yaml');
  await writeFile(
    matrix,
    `version: 1\nname: built\nkernels: { built: { image: "${kernel?.path}" } }\ndefaults: { clock: real }\n`,
  );
  await $({ env })`${TSCMATRIX} run ${matrix} --results ${results} --reporter none`;
  const cpuS = Math.max(...(await finishedCells(results)).map(({ cpuMs }) => cpuMs)) / 1000;
  row('  CPU time of its whole guest under TCG', `${cpuS.toFixed(2)} s`, '2.5 s', cpuS < 2.5);
  row('all 7 again: nothing is built; the whole command', `${warm.toFixed(0)} ms`, '0 s of building', true);
}

const wanted = process.argv.slice(2);
const isWanted = (part: string): boolean => wanted.length === 0 || wanted.includes(part);
const folder = await mkdtemp(join(tmpdir(), 'tscmatrix-bench-'));
try {
  console.log(`load ${loadavg()[0]?.toFixed(2)} before the start`);
  if (isWanted('help')) await benchHelp();
  if (isWanted('plan')) await benchPlan(folder);
  if (isWanted('cell')) {
    await benchCell(folder, 'deterministic', 5);
    await benchCell(folder, 'real', 5);
  }
  if (isWanted('nested')) await benchNested(folder, row);
  if (isWanted('build')) await benchBuild(folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
