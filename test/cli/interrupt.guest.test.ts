// A run that is ended from outside, gently or not, leaves nothing behind but a record that can be read.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { debianKernel } from '../support/kernels.ts';
import { CACHE, CELL, MATRIX, openWorkshop, processesOf, type Started, type Workshop } from './tscmatrix.ts';

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
  await shop.file('three.yaml', MATRIX);
  await shop.file('no-kernel', 'text');
  await shop.file('fails.yaml', 'version: 1\nkernels: { it: { image: no-kernel } }\n');
});
afterAll(() => shop.remove());

/** A run whose first guest is up, one at a time. */
async function startRun(results: string): Promise<Started> {
  const started = shop.start(['run', 'three.yaml', '--jobs', '1', '--results', results]);
  await started.says(`started ${CELL} boot 1`);
  return started;
}

/** Names of lock files that a process holds or has left: the cache's locks name their holder. */
async function locksOf(pid: number | undefined, cache = CACHE): Promise<string[]> {
  const folder = join(cache, 'locks');
  const held: string[] = [];
  for (const name of await readdir(folder)) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => '');
    if (text.includes(`(process ${pid})`)) held.push(name);
  }
  return held;
}

async function onlyRun(results: string): Promise<string> {
  const names = (await readdir(join(shop.folder, results))).filter((name) => name !== 'latest');
  expect(names).toHaveLength(1);
  return join(shop.folder, results, names[0] ?? '');
}

/** Every cell is in the report, none with a verdict that it did not earn. */
async function expectReadable(results: string, complete: string): Promise<void> {
  const report = await shop.run(['report', '--results', results, '--json']);
  expect(report.code, report.stderr).toBe(0);
  const { cells, complete: whole } = JSON.parse(report.stdout);
  expect(whole).toBe(false);
  expect(cells).toHaveLength(3);
  for (const cell of cells) expect(cell).toMatchObject({ outcome: 'infra-error', lost: true, verdicts: [] });
  const table = await shop.run(['report', '--results', results]);
  expect(table.stdout).toMatch(new RegExp(complete));
  expect(table.stdout).toMatch(/not run/);
}

test.each(['Ctrl-C', 'SIGTERM', 'SIGHUP'] as const)(
  '%s: 130, no guest, no lock, no scratch left',
  async (name) => {
    const started = await startRun(`r-${name}`);
    if (name === 'Ctrl-C') started.interrupt();
    else started.child.kill(name);
    const ran = await started.done;
    expect(ran.code, ran.stderr).toBe(130);
    expect(ran.signal).toBeNull();
    expect(ran.stderr).toContain('tscmatrix: stopping');
    expect(ran.stderr).not.toMatch(/a defect of/);
    expect(await processesOf(shop)).toEqual([]);
    expect(await shop.leftovers()).toEqual([]);
    expect(await locksOf(started.child.pid)).toEqual([]);
    expect(await readdir(await onlyRun(`r-${name}`))).not.toContain('lock');
    await expectReadable(`r-${name}`, 'INTERRUPTED');
  },
);

test('boot stops likewise', async () => {
  const boot = shop.start(['boot', 'debian:linux-image-cloud-amd64@bookworm', '--keep', 'kept']);
  await boot.says('from the cache');
  boot.interrupt();
  expect((await boot.done).code).toBe(130);
  expect(await processesOf(shop)).toEqual([]);
  expect(await shop.leftovers()).toEqual([]);
});

test('Ctrl-C while tools are compiled into an empty cache', async () => {
  const cache = join(shop.folder, 'cache');
  const { path } = await debianKernel('bookworm');
  await shop.file('local.yaml', `version: 1\nkernels: { it: { image: ${path} } }\n`);
  const started = shop.start(['run', 'local.yaml', '--results', 'r-early'], {
    env: { TSCMATRIX_CACHE: cache },
  });
  const tools = join(cache, 'tmp');
  while ((await readdir(tools).catch(() => [])).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 1));
  started.interrupt();
  const ran = await started.done;
  expect(ran.code, ran.stderr).toBe(130);
  expect(await processesOf(shop)).toEqual([]);
  expect(await readdir(tools)).toEqual([]);
  expect(await readdir(join(cache, 'locks'))).toEqual([]);
  const report = await shop.run(['report', '--results', 'r-early', '--json']);
  expect(JSON.parse(report.stdout)).toMatchObject({ complete: false, exitCode: 130 });
});

test('kill -9: the guest goes with it, and the next run tidies up', async () => {
  const started = await startRun('r-killed');
  // Its scratch folder is made just before QEMU starts.
  while ((await shop.leftovers()).length === 0) await new Promise((resolve) => setImmediate(resolve));
  started.child.kill('SIGKILL');
  expect((await started.done).signal).toBe('SIGKILL');
  while ((await processesOf(shop)).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  const left = await shop.leftovers();
  expect(left).toHaveLength(1);
  expect(left[0]).toMatch(new RegExp(`^tscmatrix-${started.child.pid}-`));
  await expectReadable('r-killed', 'INCOMPLETE|ended before');
  expect((await shop.run(['run', 'fails.yaml', '--results', 'r-next'])).code).toBe(2);
  expect(await shop.leftovers()).toEqual([]);
});
