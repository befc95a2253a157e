/** The page of a sweep of one made-up kernel, as text. */
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import { sweepPage } from '../../harness/sweep/page.ts';
import { reportOf } from '../../harness/sweep/report.ts';
import { type SweepOptions, sweep } from '../../harness/sweep/sweep.ts';
import { madeUpRunner, PM } from './made-up.ts';

export async function madeUpPage(name: string): Promise<string> {
  const options: SweepOptions = {
    guest: { ...DEFAULT_GUEST, topology: 'nested', cpu: 'host' },
    references: ['pm'],
    stepNs: 100,
    maxNs: 5_000_000,
    repeat: 1,
    points: 2,
    disturbances: [
      { delayNs: 0, disturbance: { kind: 'random', probability: 0.2, seed: 1, ns: 500_000 } },
      { delayNs: 0, disturbance: { kind: 'every', every: 11, ns: 10_000 } },
    ],
    jobs: 1,
    folder: '/none',
    onProgress: () => {},
  };
  const kernel = { name, path: '', sha256: 'ab'.repeat(32), release: '6.1.0', origin: '', cached: true };
  const swept = await sweep(madeUpRunner(PM), [kernel], options);
  const inputs = { initramfs: '', qemu: null, pinnedQemu: null, appliance: null };
  const times = { at: '2026-11-25T22:00:00.000Z', seconds: 60, folder: 'results/sweep/it', boots: 8 };
  const page = sweepPage(reportOf(swept, options, inputs), times, ['tscmatrix sweep bzImage']);
  return [...page].join('');
}
