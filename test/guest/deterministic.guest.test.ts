/** The promise of deterministic cells: the same cell gives the same bytes, whatever the host does meanwhile. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Evidence, gatherEvidence } from '../../harness/evidence/evidence.ts';
import { bootGuest } from '../../harness/guest/boot.ts';
import { readGuestSeconds } from '../../harness/guest/machine/machine-questions.ts';
import { connectQmp } from '../../harness/guest/machine/qmp.ts';
import type { Launch } from '../../harness/guest/types.ts';
import { buildProbeImage } from '../../harness/image/probe-image.ts';
import { pinnedQemu } from '../../harness/image/qemu/pinned.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';
import { launchOf, testFolder } from '../support/faulty-guest.ts';
import { debianKernel, type Suite } from '../support/kernels.ts';

const NONCE = '0badcafe';

async function deterministic(suite: Suite, guest: Partial<GuestSpec> = {}): Promise<Launch> {
  return launchOf({
    nonce: NONCE,
    kernelPath: (await debianKernel(suite)).path,
    initrdPath: (await buildProbeImage()).path,
    guest: { clock: 'deterministic', ...guest },
    qemu: (await pinnedQemu()).program,
  });
}

/** Boots, and gives the evidence of a report that came whole. */
async function report(launch: Launch): Promise<Evidence> {
  const life = await bootGuest(launch, { folder: await testFolder() });
  expect(life.ending).toEqual({ kind: 'finished' });
  const evidence = gatherEvidence(await readFile(life.consolePath), NONCE);
  expect(evidence.report.complete).toBe(true);
  expect(evidence.report.counts).toMatchObject({ damaged: 0, missing: 0, conflicts: 0, foreign: 0 });
  expect(evidence.transcriptSha256).toMatch(/^[0-9a-f]{64}$/);
  return evidence;
}

describe('two boots give the same transcript', () => {
  test.each(['bookworm', 'trixie-backports'] as const)('of the kernel of %s', async (suite) => {
    const launch = await deterministic(suite);
    const first = await report(launch);
    const second = await report(launch);
    expect(second.transcriptSha256).toBe(first.transcriptSha256);
  });

  test('of a guest with two CPUs', async () => {
    const launch = await deterministic('trixie-backports', { smp: 2 });
    const first = await report(launch);
    const second = await report(launch);
    expect(second.transcriptSha256).toBe(first.transcriptSha256);
  });

  test('however much QEMU is asked meanwhile', async () => {
    const launch = await deterministic('bookworm');
    const first = await report(launch);
    const socket = join(await testFolder(), 'second.sock');
    const asker = askAllTheTime(socket);
    const argv = [...launch.argv, '-qmp', `unix:${socket},server=on,wait=off`];
    const second = await report({ ...launch, argv });
    expect(await asker.stop()).toBeGreaterThan(20);
    expect(second.transcriptSha256).toBe(first.transcriptSha256);
  });
});

/** Asks a QEMU for its guest's time and its CPUs' state again and again; `stop` gives the number of answers. */
function askAllTheTime(socket: string): { stop(): Promise<number> } {
  let over = false;
  let answers = 0;
  const asking = (async () => {
    while (!over) {
      const qmp = await connectQmp(socket).catch(() => null);
      try {
        while (!over && qmp !== null) {
          await readGuestSeconds(qmp);
          await qmp.execute('query-cpus-fast');
          answers += 1;
          await sleep(10);
        }
      } catch {
        // QEMU has ended.
      } finally {
        qmp?.close();
      }
      await sleep(10);
    }
    return answers;
  })();
  return {
    stop: () => {
      over = true;
      return asking;
    },
  };
}
