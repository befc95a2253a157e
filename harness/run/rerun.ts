/** The same cell again, from what the record says, and whether it came out the same. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostError, UserError } from '../base/errors.ts';
import { readConsole } from '../evidence/console.ts';
import { CONSOLE_FILE } from '../guest/boot.ts';
import type { Launch } from '../guest/types.ts';
import { sha256OfFile } from '../host/digest.ts';
import { makeScratch } from '../host/scratch.ts';
import { bootOnce } from '../lab/boot-once.ts';
import { readBootFile } from '../lab/files.ts';
import { measureHostTsc } from '../lab/true-frequency.ts';
import type { ClockMode } from '../matrix/accelerators.ts';
import type { RunRecord } from '../record/reader.ts';
import type { Observation } from '../verdict/types.ts';
import { findCell, finishedBoots } from './stored.ts';

export interface Rerun {
  readonly cell: string;
  readonly clock: ClockMode;
  readonly recorded: { readonly verdict: string; readonly transcriptSha256: string | null };
  readonly now: { readonly verdict: string; readonly transcriptSha256: string | null };
  readonly sameTranscript: boolean;
  readonly sameVerdict: boolean;
  /** The first line that differs, as it was and as it is; null where none does. */
  readonly firstDifference: { readonly line: number; readonly recorded: string; readonly now: string } | null;
  readonly observation: Observation;
}

/** Throws HostError where an input of the recorded run is gone or is another file now. */
async function checkInput(name: string, path: string, sha256: string | null): Promise<void> {
  const found = await sha256OfFile(path).catch((error: Error) => {
    throw new HostError(
      'input-missing',
      `the ${name} of that run is gone: ${error.message}`,
      'run the matrix again',
    );
  });
  if (sha256 !== null && found !== sha256) {
    const was = `sha256 ${found}, in that run ${sha256}`;
    throw new HostError(
      'input-changed',
      `the ${name} ${path} is another one now: ${was}`,
      'run the matrix again',
    );
  }
}

async function checkInputs(record: RunRecord, kernel: string, launch: Launch): Promise<void> {
  const ready = record.view.kernels.get(kernel)?.ready;
  if (ready) await checkInput('kernel', ready.path, ready.sha256);
  const files = record.provenance?.files ?? [];
  const isUsed = (path: string): boolean => [launch.qemu, ...launch.argv].some((word) => word.includes(path));
  for (const { name, path, sha256 } of files)
    if (name === 'initramfs' || isUsed(path)) await checkInput(name, path, sha256.value);
  // The pinned QEMU is one of those files; the system's is no input of such a guest.
  if (files.some(({ path }) => path === launch.qemu)) return;
  const recorded = record.provenance?.qemu;
  const path = recorded?.path.value;
  if (path) await checkInput(`QEMU (${launch.qemu})`, path, recorded?.sha256.value ?? null);
}

function firstDifference(recorded: Buffer, now: Buffer): Rerun['firstDifference'] {
  const [before, after] = [readConsole(recorded), readConsole(now)];
  for (let i = 0; i < Math.max(before.length, after.length); i++) {
    const [a, b] = [before[i]?.text ?? '(the end)', after[i]?.text ?? '(the end)'];
    if (a !== b) return { line: i + 1, recorded: a, now: b };
  }
  return null;
}

export async function rerun(record: RunRecord, cellId: string, signal: AbortSignal): Promise<Rerun> {
  const view = findCell(record, cellId);
  const stored = finishedBoots(record, view)[0];
  if (stored === undefined) {
    throw new UserError(
      `the cell ${cellId} was never booted in ${record.run}`,
      'nothing can be compared with it',
    );
  }
  const { launch } = await readBootFile(stored.folder);
  await checkInputs(record, view.cell.kernel, launch);
  const scratch = await makeScratch();
  try {
    const host = await measureHostTsc(signal);
    const { evidence, observation } = await bootOnce(launch, host, { folder: scratch.path, signal });
    if (signal.aborted) throw new HostError('interrupted', 'the run was interrupted');
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
            await readFile(join(stored.folder, CONSOLE_FILE)),
            await readFile(join(scratch.path, CONSOLE_FILE)),
          ),
      observation,
    };
  } finally {
    await scratch.remove();
  }
}
