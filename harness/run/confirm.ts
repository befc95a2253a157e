/**
 * A cell that got worse from one run to another, booted again: with the kernel that it got worse with, and in the same
 * guest on the same host with the kernel from before. So the kernel is told from chance, and from what else changed here.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault, UserError } from '../base/errors.ts';
import { intervalText, rateOf } from '../base/rate.ts';
import type { Launch } from '../guest/types.ts';
import { stopIfInterrupted } from '../host/interruption.ts';
import { makeScratch } from '../host/scratch.ts';
import { bootOnce, logText } from '../lab/boot-once.ts';
import { readBootFile } from '../lab/files.ts';
import { measureHostTsc } from '../lab/true-frequency.ts';
import type { Cell } from '../plan/types.ts';
import type { RunRecord } from '../record/reader.ts';
import type { TrueKhz } from '../verdict/clock.ts';
import { judgeCell } from '../verdict/outcome.ts';
import { kernelOf, type RelaunchOptions, relaunchWith } from './relaunch.ts';
import { findCell, finishedBoots } from './stored.ts';

/** Boots of one kernel, and those of them that were not as the cell expects. */
export interface Again {
  readonly boots: number;
  readonly worse: number;
}

export interface Confirmed {
  readonly cell: string;
  readonly kind: 'kernel' | 'not-the-kernel' | 'same-kernel' | 'flaky' | 'not-again';
  /** With the kernel of the later run. */
  readonly after: Again;
  /** With that of the earlier one; null if it is the same image. */
  readonly before: Again | null;
  /** One sentence. */
  readonly why: string;
}

interface ConfirmOptions extends RelaunchOptions {
  /** Of each kernel. In deterministic time one is as good as many. */
  readonly boots: number;
}

/** Throws HostFault if an input of the later run is gone or changed, or if this host fails a boot. */
export async function confirmCell(
  before: RunRecord,
  after: RunRecord,
  cellId: string,
  options: ConfirmOptions,
): Promise<Confirmed> {
  const view = findCell(after, cellId);
  const { kernel, guest } = view.cell;
  const stored = finishedBoots(after, view)[0];
  if (stored === undefined)
    throw new UserError(`the cell ${cellId} was never booted in ${after.run}`, 'run the matrix again');
  const { launch: recorded } = await readBootFile(stored.folder, stored.root);
  const { launch, withKernel } = await relaunchWith(after, view, recorded, options);
  const host = await measureHostTsc();
  const boots = guest.clock === 'deterministic' ? 1 : options.boots;
  const bootWith = (owner: RunRecord, wanted: Launch): Promise<Again> =>
    bootAgain(wanted, view.cell, boots, host, (nth) =>
      options.onProgress?.(`${cellId} again with the kernel of ${owner.run}: ${nth} of ${boots}`),
    );
  const [was, is] = [before, after].map((run) => run.view.kernels.get(kernel)?.ready?.sha256);
  const now = await bootWith(after, launch);
  const then = was === is ? null : await bootWith(before, withKernel(await kernelOf(before, kernel)));
  return { cell: cellId, ...conclude(now, then), after: now, before: then };
}

async function bootAgain(
  launch: Launch,
  { expectation }: Cell,
  boots: number,
  host: TrueKhz,
  onBoot: (nth: number) => void,
): Promise<Again> {
  const scratch = await makeScratch();
  try {
    let worse = 0;
    for (let nth = 1; nth <= boots; nth++) {
      stopIfInterrupted();
      onBoot(nth);
      const folder = join(scratch.path, String(nth));
      await mkdir(folder);
      const { evidence, observation } = await bootOnce(launch, host, { folder });
      const { outcome, reason } = judgeCell([{ observation, log: logText(evidence) }], expectation);
      // It says nothing of the kernel.
      if (outcome === 'infra-error') throw new HostFault('boot-failed', `the host failed a boot: ${reason}`);
      if (outcome !== 'expected') worse += 1;
    }
    return { boots, worse };
  } finally {
    await scratch.remove();
  }
}

/** Pure. What it comes to, of how both kernels did. */
export function conclude(after: Again, before: Again | null): Pick<Confirmed, 'kind' | 'why'> {
  const now = `${after.worse} of ${after.boots} boots again not as expected`;
  if (after.worse === 0) return { kind: 'not-again', why: `${now}${shareText(after)}` };
  if (after.worse < after.boots) return { kind: 'flaky', why: `${now}${shareText(after)}` };
  if (before === null)
    return { kind: 'same-kernel', why: `${now}, with the image that was as expected before` };
  const then = `with the earlier kernel ${before.worse} of ${before.boots}`;
  if (before.worse === 0) return { kind: 'kernel', why: `${now}, ${then}` };
  if (before.worse < before.boots) return { kind: 'flaky', why: `${now}, ${then}${shareText(before)}` };
  return { kind: 'not-the-kernel', why: `${now}, and ${then} too: something else than the kernel changed` };
}

/** How often it may really be; of one boot there is nothing to say. */
function shareText({ worse, boots }: Again): string {
  return boots === 1 ? '' : intervalText(rateOf(worse, boots));
}
