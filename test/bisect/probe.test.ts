// Real boots: one kernel against an expectation, the codes that "git bisect run" understands, and lists of kernels.
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LAUNCHER, openWorkshop, type Workshop } from '../cli/tscmatrix.ts';
import { git } from '../kernel-build/fake-tree.ts';
import { tinyRepo } from './tiny-repo.ts';

const MATRICES = new URL('../../matrices/', import.meta.url).pathname;
const KERNEL = 'debian:linux-image-cloud-amd64@bookworm';
const MINUTES = 60_000;

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop.remove());

test(
  'probe: 0 as expected, 1 not, 125 not to be tested',
  async () => {
    const probe = (...args: string[]) => shop.run(['probe', KERNEL, '--cell', 'hpet=off', '--json', ...args]);
    const good = await probe('--expect', 'registration=refined', '--expect', 'current=tsc');
    expect(good.code, good.stderr).toBe(0);
    expect(JSON.parse(good.stdout)).toMatchObject({ exitCode: 0, boots: 1 });
    const bad = await probe('--expect', 'must=no such message');
    expect(bad.code, bad.stderr).toBe(1);
    expect(JSON.parse(bad.stdout).reason).toMatch(/the log lacks no such message/);
    // A kernel that does not find its init has no clocksource to speak of.
    const panics = ['probe', KERNEL, '--cell', 'append=initcall_blacklist=populate_rootfs'];
    expect((await shop.run(panics)).code).toBe(125);
    expect((await shop.run([...panics, '--failure', 'bad'])).code).toBe(1);
  },
  3 * MINUTES,
);

test('probe: what goes wrong with us is above 128, never an answer', async () => {
  for (const args of [
    ['probe'],
    ['probe', '--no-such-option'],
    ['probe', 'nowhere.bin', '--cell', ''],
    ['probe', KERNEL, '--cell', 'hpet=of'],
    ['probe', KERNEL, '--cell', '', '--repo', '.'],
    ['probe', '--cell', '', '--repo', 'nowhere'],
  ]) {
    expect((await shop.run(args)).code, args.join(' ')).toBe(129);
  }
  expect((await shop.run(['probe', KERNEL, '--cell', '', '--qemu', 'no-such-qemu'])).code).toBe(197);
  const started = shop.start(['probe', KERNEL, '--cell', '']);
  await started.says('boot');
  started.interrupt();
  expect((await started.done).code).toBe(130);
});

test('probe: a commit that does not build is a skip, also for git bisect run', async () => {
  const repo = await tinyRepo(join(shop.folder, 'repo'));
  for (let count = 0; count < 3; count++) await repo.commit('unbuildable');
  // Not in everybody's cache: nobody would remove the folder that it is built in.
  const env = { TSCMATRIX_CACHE: join(shop.folder, 'cache') };
  const args = ['probe', '--cell', '', '--repo', repo.path];
  const ran = await shop.run([...args, '--commit', 'HEAD'], { env });
  expect(ran.code, ran.stderr).toBe(125);
  expect(ran.stdout).toMatch(/^cannot be tested: /);
  expect((await shop.run([...args, '--expect', 'registration=build-failed'], { env })).code).toBe(0);
  expect(git(repo.path, 'status', '--porcelain')).toBe('');
});

/** Over Debian's 5.10, 6.1, 6.12 and the newest. */
async function overReleases(...args: string[]) {
  const list = ['--kernels', join(MATRICES, 'quick.yaml'), '--results', 'releases'];
  const ran = await shop.run(['bisect', ...list, '--cell', 'hpet=off', ...args, '--json']);
  expect(ran.code, ran.stderr).toBe(0);
  return { report: JSON.parse(ran.stdout), stderr: ran.stderr };
}

test(
  'released kernels: the first that lacks something, and the first that has something',
  async () => {
    // Gone with 6.1: the kernel no longer says where the local APIC is.
    const gone = await overReleases('--expect', 'must=ACPI: Local APIC address 0x');
    expect(gone.report).toMatchObject({ end: 'found', culprit: { id: 'debian-6.1' }, builds: 0 });
    expect(gone.report.answer).toMatch(/debian-6.1 is the first bad kernel/);
    // New with 7.x.
    const come = await overReleases('--expect', 'must=posixtimers hash table entries');
    expect(come.report).toMatchObject({ end: 'found', culprit: { id: 'debian-newest' } });
    expect(come.report.answer).toMatch(/is the first fixed kernel/);
    const folder: string = come.report.folder;
    expect(await readFile(join(folder, 'report.md'), 'utf8')).toContain('| 1 | debian-5.10 | broken |');
    for (const { place } of come.report.steps) expect((await stat(place)).isDirectory()).toBe(true);
    // The script knows all that it needs.
    const again = await runScript(join(folder, 'again.sh'));
    expect(again).toMatch(/debian-6.12: as in the search\n(?:.*\n)*debian-newest: as in the search/);
  },
  10 * MINUTES,
);

async function runScript(path: string): Promise<string> {
  const env = { ...process.env, TSCMATRIX: LAUNCHER, TMPDIR: shop.temp };
  return (await promisify(execFile)('sh', [path], { env })).stdout;
}
