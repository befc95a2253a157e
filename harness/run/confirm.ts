/**
 * A cell that got worse from one run to another, booted again: with the kernel that it got worse with, and in the same
 * guest on the same host with the kernel from before. So the kernel is told from chance, and from what else changed here.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault, UserError } from '../base/errors.ts';
import { rateOf } from '../base/rate.ts';
import { stopIfInterrupted } from '../host/interruption.ts';
import { makeScratch } from '../host/scratch.ts';
import { bootOnce, logText } from '../lab/boot-once.ts';
import { readBootFile } from '../lab/files.ts';
import { measureHostTsc } from '../lab/true-frequency.ts';
import type { RunRecord } from '../record/reader.ts';
import { judgeCell } from '../verdict/outcome.ts';
import { type RelaunchOptions, relaunch } from './relaunch.ts';
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
  const { kernel, guest } = findCell(after, cellId).cell;
  const boots = guest.clock === 'deterministic' ? 1 : options.boots;
  const [was, is] = [before, after].map(({ view }) => view.kernels.get(kernel)?.ready?.sha256);
  const now = await bootAgain(after, cellId, after, { ...options, boots });
  const then = was === is ? null : await bootAgain(after, cellId, before, { ...options, boots });
  return { cell: cellId, ...conclude(now, then), after: now, before: then };
}

/** The later run's guest with the kernel that `owner` has under that name. */
async function bootAgain(
  record: RunRecord,
  cellId: string,
  owner: RunRecord,
  { boots, ...options }: ConfirmOptions,
): Promise<Again> {
  const view = findCell(record, cellId);
  const stored = finishedBoots(record, view)[0];
  if (stored === undefined)
    throw new UserError(`the cell ${cellId} was never booted in ${record.run}`, 'run the matrix again');
  const { launch: recorded } = await readBootFile(stored.folder, stored.root);
  const launch = await relaunch(record, view, recorded, { ...options, kernelFrom: owner });
  const scratch = await makeScratch();
  try {
    let worse = 0;
    for (let nth = 1; nth <= boots; nth++) {
      stopIfInterrupted();
      options.onProgress?.(`${cellId} again with the kernel of ${owner.run}: ${nth} of ${boots}`);
      const folder = join(scratch.path, String(nth));
      await mkdir(folder);
      const { evidence, observation } = await bootOnce(launch, await measureHostTsc(), { folder });
      const boot = { observation, log: logText(evidence) };
      const { outcome, reason } = judgeCell([boot], view.cell.expectation);
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

/** How often it may really be. */
function shareText({ worse, boots }: Again): string {
  const { low, high } = rateOf(worse, boots);
  if (boots === 1 || low === null || high === null) return '';
  return ` (95 % interval of the share: ${Math.round(low * 100)} % to ${Math.round(high * 100)} %)`;
}
