// Real boots: one kernel against an expectation, the codes that "git bisect run" understands, and lists of kernels.
import { execFile } from 'node:child_process';
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
  // git passes over what does not build, and ends at once where the probe itself cannot go on.
  const bisectRun = async (...words: string[]): Promise<string> => {
    git(repo.path, 'bisect', 'start', repo.ids[3] ?? '', repo.ids[0] ?? '');
    // Whatever it ends with.
    const command = ['-c', 'git bisect run "$@" 2>&1; true', 'sh', LAUNCHER, 'probe', ...words];
    const whole = { ...process.env, ...env, LC_ALL: 'C' };
    const { stdout } = await promisify(execFile)('sh', command, { cwd: repo.path, env: whole });
    git(repo.path, 'bisect', 'reset');
    return stdout;
  };
  const skipped = await bisectRun('--cell', 'hpet=off');
  expect(skipped).toMatch(/only 'skip'ped commits left to test/);
  for (const id of repo.ids.slice(1)) expect(skipped).toContain(id);
  expect(await bisectRun('--cell', 'hpet=of')).toMatch(/exit code 129/);
});

const search = (kernels: string, ...args: string[]): string[] => {
  const list = ['--kernels', kernels, '--results', 'releases'];
  return ['bisect', ...list, '--cell', 'hpet=off', ...args, '--json'];
};

test(
  'released kernels, 5.10, 6.1, 6.12 and the newest: the first that lacks something; Ctrl-C ends nothing',
  async () => {
    // Gone with 6.1: the kernel no longer says where the local APIC is.
    const args = search(join(MATRICES, 'quick.yaml'), '--expect', 'must=ACPI: Local APIC address 0x');
    const started = shop.start(args);
    await started.says('bad: debian-newest');
    started.interrupt();
    const cut = await started.done;
    expect(cut.code, cut.stderr).toBe(130);
    expect(cut.stderr).toMatch(/to go on: tscmatrix bisect --resume releases\/bisect\/\S+-kernels/);
    expect(await shop.leftovers()).toEqual([]);
    const ran = await shop.run(['bisect', '--resume', '--results', 'releases', '--json']);
    expect(ran.code, ran.stderr).toBe(0);
    const gone = JSON.parse(ran.stdout);
    expect(gone).toMatchObject({ end: 'found', culprit: { id: 'debian-6.1' }, builds: 0, boots: 5 });
    expect(gone.answer).toMatch(/debian-6.1 is the first bad kernel/);
    // Each once, before or after it was interrupted, and the answer and the one before it once more.
    const boots = gone.steps.map(({ id, boots }: { id: string; boots: number }) => [id, boots]);
    expect(Object.fromEntries(boots)).toEqual({
      'debian-5.10': 2,
      'debian-newest': 1,
      'debian-6.1': 2,
    });
    expect((await shop.run(['bisect', '--resume', '--results', 'releases'])).code).toBe(2);
  },
  10 * MINUTES,
);
