// The memory of a guest that dies: kept if it was asked for, and read by crash (as a whole with TSCMATRIX_DEBUG_KERNEL=1).
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runTool } from '../../harness/host/process.ts';
import { openWorkshop, type Workshop } from '../cli/tscmatrix.ts';
import { builtKernel } from '../support/built-kernel.ts';
import { debugKernel } from '../support/marked-kernel.ts';
import { BUILD_MS } from '../support/nested-boots.ts';

/** A kernel with debugging data takes ten minutes of CPU time that a night has, and CI has not. */
const DEBUG = process.env.TSCMATRIX_DEBUG_KERNEL === '1';

const NO_INIT = 'initcall_blacklist=populate_rootfs';
const matrix = (kernel: string): string => `
version: 1
name: dying
kernels: { it: ${kernel} }
defaults: { hpet: off, probe: brief, cpu: max }
include:
  - { topology: tcg, append: '${NO_INIT}' }
  - { topology: nested, append: '${NO_INIT}' }
expect:
  - { when: { append: '${NO_INIT}' }, registration: panicked }
`;

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
  const { path } = await builtKernel();
  await shop.file('dying.yaml', matrix(DEBUG ? debugKernel() : `{ image: ${path} }`));
}, BUILD_MS);
afterAll(() => shop.remove());

test(
  'a panic leaves its memory, which crash reads; a nested one leaves none',
  async () => {
    const ran = await shop.run(['run', 'dying.yaml', '--dump', 'on-failure', '--results', 'r', '--json']);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toMatch(
      /finished it\.tcg\S* boot 1: panicked, memory\.dump kept \(\d+\.\d MiB, kdump-zlib\)/,
    );
    expect(ran.stderr).toMatch(/finished it\.nested\S* boot 1: panicked, no dump: .*appliance/);
    const cells: { id: string; boots: { folder: string }[] }[] = JSON.parse(ran.stdout).cells;
    const dumpOf = async (has: string, lacks = 'no such') => {
      const cell = cells.find(({ id }) => id.includes(has) && !id.includes(lacks));
      if (cell === undefined) throw new Error(`${has}: ${ran.stdout}`);
      const folder = join(shop.folder, 'r', 'latest', cell.boots[0]?.folder ?? '');
      return {
        id: cell.id,
        folder,
        dump: JSON.parse(await readFile(join(folder, 'boot.json'), 'utf8')).dump,
      };
    };
    const nested = await dumpOf('nested');
    expect(nested.dump.none).toMatch(/within|in the appliance/);
    const refused = await shop.run(['dump', 'latest', nested.id, '--results', 'r']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/has no dump: boot 1: .*appliance/);

    const { id, folder, dump } = await dumpOf('append', 'nested');
    expect(dump).toMatchObject({ file: 'memory.dump', format: 'kdump-zlib' });
    expect((await readFile(join(folder, 'memory.dump'))).subarray(0, 12).toString()).toBe('makedumpfile');
    const read = await shop.run(['dump', 'latest', id, '--results', 'r']);
    if (!DEBUG) {
      expect(read.code).toBe(69);
      expect(read.stderr).toMatch(/crash cannot read .*\n.*a vmlinux with debugging data/);
    } else {
      expect(read.code, read.stdout + read.stderr).toBe(0);
      expect(read.stdout).toMatch(/Kernel panic - not syncing/);
      expect(read.stdout).toMatch(/#\d+ .* panic at /);
      expect(read.stdout).toMatch(/tsc_khz = \$\d+ = \d{6,7}$/m);
      expect(read.stdout).toMatch(/name = 0x[0-9a-f]+ "tsc-early",\n {2}rating = 299/);
      expect(read.stdout).toMatch(/curr_clocksource = .*<clocksource_\w+>/);
    }
    const bin = join(shop.folder, 'bin');
    await runTool('sh', ['-c', 'mkdir "$0" && ln -s /usr/bin/* "$0" && rm -f "$0/crash"', bin]);
    const without = await shop.run(['dump', 'latest', id, '--results', 'r'], { env: { PATH: bin } });
    expect(without.code).toBe(69);
    expect(without.stderr).toMatch(
      /apt-get install crash; or look at it elsewhere: crash \S+vmlinux\S* \S+memory\.dump/,
    );
  },
  BUILD_MS,
);

test('bad input: one line, and no guest', async () => {
  const boot = (...words: string[]) => shop.run(['boot', 'nowhere', '--topology', 'tcg', ...words]);
  const alone = await boot('--dump', 'on-failure');
  expect(alone.code).toBe(2);
  expect(alone.stderr).toMatch(/--dump goes with --keep/);
  const never = await boot('--dump', 'never', '--keep', 'k');
  expect(never.code).toBe(2);
  expect(never.stderr).toMatch(/--dump takes on-failure, not "never"/);
});
