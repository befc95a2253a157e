/** The same cell again, from what the record says, and whether it came out the same. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { readConsole } from '../evidence/console.ts';
import { CONSOLE_FILE } from '../guest/boot.ts';
import { readInside } from '../host/inside.ts';
import { makeScratch } from '../host/scratch.ts';
import { bootOnce } from '../lab/boot-once.ts';
import { readBootFile } from '../lab/files.ts';
import { measureHostTsc } from '../lab/true-frequency.ts';
import type { ClockMode } from '../matrix/accelerators.ts';
import type { RunRecord } from '../record/reader.ts';
import type { Observation } from '../verdict/types.ts';
import { type RelaunchOptions, relaunch } from './relaunch.ts';
import { findCell, finishedBoots } from './stored.ts';

export interface Rerun {
  readonly cell: string;
  readonly clock: ClockMode;
  readonly recorded: { readonly verdict: string; readonly transcriptSha256: string | null };
  readonly now: { readonly verdict: string; readonly transcriptSha256: string | null };
  readonly sameTranscript: boolean;
  readonly sameVerdict: boolean;
  /** The first line that differs, as it was and as it is; null if none does. */
  readonly firstDifference: { readonly line: number; readonly recorded: string; readonly now: string } | null;
  readonly observation: Observation;
}

function firstDifference(recorded: Buffer, now: Buffer): Rerun['firstDifference'] {
  const [before, after] = [readConsole(recorded), readConsole(now)];
  for (let i = 0; i < Math.max(before.length, after.length); i++) {
    const [a, b] = [before[i]?.text ?? '(the end)', after[i]?.text ?? '(the end)'];
    if (a !== b) return { line: i + 1, recorded: a, now: b };
  }
  return null;
}

export async function rerun(record: RunRecord, cellId: string, options: RelaunchOptions): Promise<Rerun> {
  const view = findCell(record, cellId);
  const stored = finishedBoots(record, view)[0];
  if (stored === undefined) {
    throw new UserError(
      `the cell ${cellId} was never booted in ${record.run}`,
      'nothing can be compared with it',
    );
  }
  const { launch: recorded } = await readBootFile(stored.folder, stored.root);
  const launch = await relaunch(record, view, recorded, options);
  const scratch = await makeScratch();
  try {
    const host = await measureHostTsc();
    const { evidence, observation } = await bootOnce(launch, host, { folder: scratch.path });
    const was =
      view.boots.find(({ boot }) => boot === stored.boot)?.finished?.observation.verdict ?? 'unknown';
    const sameTranscript =
      evidence.transcriptSha256 !== null && evidence.transcriptSha256 === stored.transcriptSha256;
    return {
      cell: cellId,
      clock: launch.guest.clock,
      recorded: { verdict: was, transcriptSha256: stored.transcriptSha256 },
      now: { verdict: observation.verdict, transcriptSha256: evidence.transcriptSha256 },
      sameTranscript,
      sameVerdict: observation.verdict === was,
      firstDifference: sameTranscript
        ? null
        : firstDifference(
            await readInside(stored.root, join(stored.folder, CONSOLE_FILE)),
            await readFile(join(scratch.path, CONSOLE_FILE)),
          ),
      observation,
    };
  } finally {
    await scratch.remove();
  }
}
