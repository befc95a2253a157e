/**
 * A nested cell is a function of its inputs: alone, beside another, or after it, its two consoles are the same bytes. Its TSC runs at
 * another frequency than the other's.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWorkshop, type Workshop } from '../cli/tscmatrix.ts';
import { BUILD_MS, nestedParts } from '../support/nested-boots.ts';

/** Boots of several seconds each, five in all, beside whatever else runs. */
const RUNS_MS = 900_000;

let shop: Workshop;
let kernel: string;

beforeAll(async () => {
  kernel = (await nestedParts()).stock.path;
  shop = await openWorkshop();
}, BUILD_MS);
afterAll(() => shop.remove());

const matrix = (reads: string): string => `
version: 1
name: it
kernels:
  stock: { image: ${kernel} }
defaults: { topology: nested, hpet: off, memory: 256M }
axes:
  reads: { ${reads} }
`;
const SLOW = 'slow: { ref-delay: 14us, tsc-frequency: 2394.486MHz }';
const BOTH = `fast: { ref-delay: 1us }, ${SLOW}`;

/** Runs a matrix as a user does, and gives what is there of the cell. */
async function run(name: string, reads: string, jobs: number) {
  await shop.file(`${name}.yaml`, matrix(reads));
  const args = ['run', `${name}.yaml`, '--jobs', String(jobs), '--results', name];
  const ran = await shop.run(args);
  const [folder = 'none'] = await readdir(join(shop.folder, name)).catch(() => []);
  const dir = join(shop.folder, name, folder);
  const events = (await readFile(join(dir, 'events.jsonl'), 'utf8')).trimEnd().split('\n');
  const finished = events.map((line) => JSON.parse(line)).filter(({ type }) => type === 'cell-finished');
  const cells = await readdir(join(dir, 'cells'));
  const [own = 'none'] = cells.filter((cell) => cell.includes('14us'));
  const boot = join(dir, 'cells', own, 'boot-1');
  const cell = finished.find((event) => event.cell === own);
  expect(cell, ran.stderr).toMatchObject({
    ending: { kind: 'finished' },
    observation: { verdict: 'never', available: ['kvm-clock', 'tsc-early', 'acpi_pm'] },
  });
  expect(cell).not.toHaveProperty('retries');
  return {
    order: finished.map((event) => event.cell),
    sha256: cell.transcriptSha256,
    console: await readFile(join(boot, 'console.log'), 'latin1'),
    appliance: await readFile(join(boot, 'appliance.log'), 'latin1'),
  };
}

test(
  'a nested cell alone, beside another and after another',
  async () => {
    const alone = await run('alone', SLOW, 1);
    const beside = await run('beside', BOTH, 2);
    const after = await run('after', BOTH, 1);
    expect(alone.order).toHaveLength(1);
    expect(beside.order).toHaveLength(2);
    // The other one was there first.
    expect(after.order).toHaveLength(2);
    expect(after.order[1]).toBe(alone.order[0]);
    expect(alone.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(alone.console.length).toBeGreaterThan(10_000);
    expect(alone.console).toContain('tsc: Detected 2394.486 MHz processor');
    expect(alone.appliance).toContain(' l1end ');
    for (const other of [beside, after]) {
      expect(other.console).toBe(alone.console);
      expect(other.appliance).toBe(alone.appliance);
      expect(other.sha256).toBe(alone.sha256);
    }
  },
  RUNS_MS,
);
