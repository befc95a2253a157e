/**
 * The field report's own lines, in guests at its frequencies: the seed's cells whose reads are slow enough for the old limit and
 * fast enough for the new one, and the Xen guest beside them.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWorkshop, type Workshop } from '../cli/tscmatrix.ts';
import { BUILD_MS, nestedParts } from '../support/nested-boots.ts';

const SEED = new URL('../../matrices/seed.yaml', import.meta.url).pathname;
const KERNELS = ['stock', 'threshold-raised', 'tsc-reliable', 'refine-fix'];
const CELLS = '*.refdelay=3us.tscfreq=3GHz,*.personality=xen.*';

let shop: Workshop;
/** By kernel, and xen: what the guest offers, and its log. */
const seen = new Map<string, { available: string; verdict: string; ppm: number; log: string }>();

beforeAll(async () => {
  await nestedParts();
  shop = await openWorkshop();
  const filters = ['--filter', `kernel=${KERNELS.join(',')}`, '--filter', `cell=${CELLS}`];
  const ran = await shop.run(['run', SEED, ...filters, '--results', 'r']);
  expect(ran.code, ran.stderr).toBe(0);
  const run = join(shop.folder, 'r', 'latest');
  const events = (await readFile(join(run, 'events.jsonl'), 'utf8')).trimEnd().split('\n');
  for (const event of events.map((line) => JSON.parse(line)).filter(({ type }) => type === 'cell-finished')) {
    const { available, verdict, ppm } = event.observation;
    const log = await readFile(join(run, 'cells', event.cell, 'boot-1', 'console.log'), 'latin1');
    const name = event.cell.includes('xen') ? 'xen' : event.cell.split('.')[0];
    seen.set(name, { available: available.join(' '), verdict, ppm, log });
  }
}, BUILD_MS);
afterAll(() => shop.remove());

// tsc-early came with 4.16 (aa83c45762a2); the report's 3.10 says "kvm-clock acpi_pm".
test.each([
  ['stock', 'never', 'kvm-clock tsc-early acpi_pm', 3_000_000, null],
  [
    'threshold-raised',
    'refined',
    'kvm-clock tsc acpi_pm',
    3_000_000,
    /Refined TSC clocksource calibration: (3000\.00|2999\.99)\d MHz/,
  ],
  [
    'refine-fix',
    'refined',
    'kvm-clock tsc acpi_pm',
    3_000_000,
    /Refined TSC clocksource calibration: (3000\.00|2999\.99)\d MHz/,
  ],
  ['tsc-reliable', 'known-frequency', 'kvm-clock tsc acpi_pm', 3_000_000, null],
  ['xen', 'known-frequency', 'xen tsc hpet acpi_pm', 2_394_486, null],
])('%s: %s, and it lists %s', (name, verdict, available, khz, refined) => {
  const one = seen.get(name);
  expect(one).toMatchObject({ verdict, available });
  expect(one?.log).toContain(`tsc: Detected ${(khz / 1000).toFixed(3)} MHz processor`);
  expect(one?.log).toContain(`Switched to clocksource ${available.split(' ')[0]}`);
  if (refined === null) expect(one?.log).not.toContain('Refined TSC');
  else expect(one?.log).toMatch(refined);
  expect(Math.abs(one?.ppm ?? Number.NaN)).toBeLessThan(1);
});

test('as in the report a KVM guest has the deadline timer; its line about skipped checks came with older kernels', () => {
  expect(seen.get('stock')?.log).toContain('TSC deadline timer');
  // 6.1 skips them in silence (check_tsc_sync_target() in arch/x86/kernel/tsc_sync.c); test/captures/seed has the report's own.
  expect(seen.get('tsc-reliable')?.log).not.toContain('Skipped synchronization');
});
