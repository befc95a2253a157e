// Real nested guests: margins against the limits in the source, errors against arithmetic, and the same bytes twice.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Margin } from '../../harness/lab/margin/margin.ts';
import type { KernelReport, ReferenceReport, SweepReport } from '../../harness/sweep/report.ts';
import { openWorkshop, processesOf, type Workshop } from '../cli/tscmatrix.ts';
import { BUILD_MS } from '../support/nested-boots.ts';
import { seedKernel } from '../support/seed-kernel.ts';

const SEED = new URL('../../matrices/seed.yaml', import.meta.url).pathname;
const MINUTES = 60_000;
/** ns; of the search. */
const STEP = 100;
/** That of the field report, where a cycle is no ns. */
const KHZ = 3_000_000;
const ASKED = [
  ...['--cell', `topology=nested,cpu=host,tsc-frequency=${KHZ}`],
  ...['--points', '0', '--disturb', 'every11+500us'],
];

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
  for (const name of ['stock', 'refine-fix', 'threshold-raised']) await seedKernel(name);
}, BUILD_MS);
afterAll(() => shop.remove());

/** The folder of the only sweep in a folder of results. */
async function sweepFolder(results: string): Promise<string> {
  const names = await readdir(join(shop.folder, results, 'sweep'));
  expect(names).toHaveLength(1);
  return join(shop.folder, results, 'sweep', names[0] ?? '');
}

function onlyReference({ name, references }: KernelReport): ReferenceReport {
  const [first] = references;
  if (first === undefined || references.length > 1)
    throw new Error(`${name} was read by another number of counters`);
  return first;
}

/** The flip as the limit in the source gives it, from what a sample costs in the undelayed guest. */
function byArithmetic({ sampleCycles, khz }: Margin, limit: number): number {
  if (sampleCycles === null || khz !== KHZ) throw new Error('the sample was not measured');
  return (((limit - sampleCycles) / 3) * 1_000_000) / KHZ;
}

test(
  'margins lie within a step of the limits in the source, with at most 12 boots; errors are what was disturbed',
  async () => {
    const ran = await shop.run([
      ...['sweep', SEED, '--kernel', 'stock', '--kernel', 'refine-fix', '--kernel', 'threshold-raised'],
      ...[...ASKED, '--results', 'r', '--json'],
      ...['--svg', 'plot.svg', '--html', 'page.html'],
    ]);
    expect(ran.code, ran.stderr).toBe(0);
    const report: SweepReport = JSON.parse(ran.stdout);
    // arch/x86/kernel/tsc.c of 4.20, of 6.1, and patch 0003 of the series.
    const limits = { stock: 50_000, 'refine-fix': KHZ >> 5, 'threshold-raised': 5_000_000 };
    for (const kernel of report.kernels) {
      const { margin } = onlyReference(kernel);
      const flip = byArithmetic(margin, limits[kernel.name as keyof typeof limits]);
      const { registersUpToNs: low, stopsFromNs: high, boots } = margin;
      console.log(
        `${kernel.name}: registers up to ${low} ns a read, not from ${high} ns; by arithmetic ${flip.toFixed(0)} ns; ${boots} boots`,
      );
      expect(margin.outcome).toBe('flips');
      expect((high ?? 0) - (low ?? 0)).toBe(STEP);
      // A sample of 5 ms also holds the timer interrupts of that time: HZ is 250.
      const more = kernel.name === 'threshold-raised' ? flip / 100 : 0;
      expect(flip).toBeGreaterThan((low ?? 0) - STEP);
      expect(flip).toBeLessThan((high ?? 0) + STEP + more);
      expect(boots).toBeLessThanOrEqual(12);
      expect(boots).toBe(margin.points.length);
      // Both sides are boots, with their consoles.
      for (const delay of [low, high]) expect(margin.points.map(({ delayNs }) => delayNs)).toContain(delay);
    }

    const raised = report.kernels.find(({ name }) => name === 'threshold-raised');
    const [disturbed] = raised === undefined ? [] : onlyReference(raised).disturbed;
    const boot = disturbed?.point.boots[0];
    // Read 22 is the second of the start sample: its TSC value comes 500 us late.
    const expected = -500 / (boot?.apartS ?? 0);
    console.log(
      `threshold-raised, every11+500us: ${boot?.ppm} ppm; 500 us in ${boot?.apartS} s are ${expected.toFixed(1)} ppm`,
    );
    expect(boot?.verdict).toBe('refined');
    expect(boot?.apartS).toBeGreaterThan(0.99);
    expect(boot?.apartS).toBeLessThan(1.1);
    expect(Math.abs((boot?.ppm ?? 0) / expected - 1)).toBeLessThan(0.1);
    expect(Math.abs((disturbed?.byArithmeticPpm ?? 0) / expected - 1)).toBeLessThan(0.01);
    // The others reject that sample, and take the next.
    for (const kernel of report.kernels.filter(({ name }) => name !== 'threshold-raised')) {
      const [point] = onlyReference(kernel).disturbed;
      expect(Math.abs(point?.point.boots[0]?.ppm ?? 1000), kernel.name).toBeLessThan(5);
    }

    const folder = await sweepFolder('r');
    const place = onlyReference(report.kernels[0] as KernelReport).margin.points[0]?.boots[0]?.folder ?? '';
    expect(await readdir(join(folder, place))).toEqual(
      expect.arrayContaining(['console.log', 'evidence.json', 'command.sh']),
    );
    const svg = await readFile(join(shop.folder, 'plot.svg'), 'utf8');
    expect(svg).toContain('tsc_khz &gt;&gt; 5');
    expect(svg).toBe(await readFile(join(folder, 'sweep.svg'), 'utf8'));
    expect(await readFile(join(shop.folder, 'page.html'), 'utf8')).toContain('registers up to');
  },
  20 * MINUTES,
);

test(
  'a second sweep in deterministic time says the same of a kernel; times stand apart',
  async () => {
    const again = await shop.run(['sweep', `${SEED}#stock`, ...ASKED, '--results', 'again', '--json']);
    expect(again.code, again.stderr).toBe(0);
    const [a, b] = [await sweepFolder('r'), await sweepFolder('again')];
    const reportOf = async (folder: string): Promise<SweepReport> =>
      JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
    const [stock] = (await reportOf(b)).kernels;
    expect(stock).toEqual((await reportOf(a)).kernels.find(({ name }) => name === 'stock'));
    // It rests on boots, each with its transcript.
    const points = stock?.references.flatMap(({ margin }) => margin.points) ?? [];
    expect(points.length).toBeGreaterThan(2);
    for (const { boots } of points) expect(boots[0]?.transcriptSha256).toMatch(/^[0-9a-f]{64}$/);
    const times = await Promise.all([a, b].map((folder) => readFile(join(folder, 'times.json'), 'utf8')));
    expect(times[0]).not.toBe(times[1]);
  },
  20 * MINUTES,
);

test('interrupted: 130, and nothing of it is left', async () => {
  const started = shop.start(['sweep', `${SEED}#stock`, '--results', 'cut']);
  await started.says('stock: boot 1: undelayed');
  started.interrupt();
  expect((await started.done).code).toBe(130);
  expect(await readdir(join(shop.folder, 'cut', 'sweep'))).toEqual([]);
  expect(await processesOf(shop)).toEqual([]);
  expect(await shop.leftovers()).toEqual([]);
});
