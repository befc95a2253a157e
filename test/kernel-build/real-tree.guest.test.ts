// A real source, from Debian's archive: two kernels of the field report, built and booted. Minutes where nothing is cached.
import { expect, test } from 'vitest';
import { openCache } from '../../harness/host/cache.ts';
import { makeScratch } from '../../harness/host/scratch.ts';
import { acquireKernel, type KernelImage } from '../../harness/kernel/acquire.ts';
import { bootOnce } from '../../harness/lab/boot-once.ts';
import { launchOf, needMachine, resolveMachine } from '../../harness/lab/machine.ts';
import { makeReady } from '../../harness/lab/make-ready.ts';
import { measureHostTsc } from '../../harness/lab/true-frequency.ts';
import { loadMatrix } from '../../harness/matrix/load.ts';
import { makePlan } from '../../harness/plan/expand.ts';

const MATRIX = new URL('../../matrices/seed.yaml', import.meta.url).pathname;
const MINUTES = 60_000;

async function build(name: string, force = false): Promise<KernelImage> {
  const entry = (await loadMatrix(MATRIX)).kernels.find((one) => one.name === name);
  if (entry === undefined) throw new Error(`${MATRIX} has no kernel ${name}`);
  return acquireKernel(entry, { cache: await openCache(), force });
}

test(
  'the same inputs give the same image, whatever was built in between',
  async () => {
    const stock = await build('stock');
    const fixed = await build('upstream-fixed');
    expect(fixed.sha256).not.toBe(stock.sha256);
    expect(fixed.release).toBe(stock.release);
    expect(fixed.build?.buildId).not.toBe(stock.build?.buildId);
    // All of the guest's options are this tree's.
    expect(stock.build?.unknownOptions).toEqual([]);

    const again = await build('stock', true);
    expect(again.cached).toBe(false);
    expect(again.sha256).toBe(stock.sha256);
    expect(again.build?.buildId).toBe(stock.build?.buildId);
    expect((await build('upstream-fixed', true)).sha256).toBe(fixed.sha256);
  },
  25 * MINUTES,
);

test(
  'the built kernels boot as KVM guests: one measures the frequency, the other is told it',
  async () => {
    const filters = ['kernel=stock,upstream-fixed', 'reads=fast', 'clock=deterministic'];
    const plan = makePlan(await loadMatrix(MATRIX), filters);
    expect(plan.cells).toHaveLength(2);
    const ready = await makeReady(plan, { qemu: 'qemu-system-x86_64' });
    for (const cell of plan.cells) {
      const kernel = ready.kernels.get(cell.kernel);
      if (kernel === undefined || kernel instanceof Error) throw kernel ?? new Error('no kernel');
      const machine = needMachine(resolveMachine(cell.guest, ready), 'the appliance is everywhere');
      expect(machine.accelerator).toBe('nested');
      const launch = launchOf(cell, machine, kernel.path, ready);
      const scratch = await makeScratch();
      try {
        const { observation } = await bootOnce(launch, await measureHostTsc(), {
          folder: scratch.path,
        });
        const verdict = cell.kernel === 'stock' ? 'refined' : 'known-frequency';
        expect(observation, cell.id).toMatchObject({ verdict, current: 'kvm-clock' });
        expect(Math.abs(observation.ppm ?? Number.NaN)).toBeLessThan(50);
      } finally {
        await scratch.remove();
      }
    }
  },
  25 * MINUTES,
);
