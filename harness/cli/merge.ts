/** `tscmatrix merge`: the blobs of shards, or of several hosts, to one run of the usual form. */
import { relative } from 'node:path';
import { mergeBlobs } from '../record/merge/merge.ts';
import { hostsText } from '../record/merge/merge-common.ts';
import type { RunEvent } from '../record/types.ts';
import { multiplex } from '../report/multiplexer.ts';
import { makeReporters } from '../report/registry.ts';
import { replay } from '../report/replay.ts';
import { say } from './say.ts';

export interface MergeFlags {
  readonly results: string;
  readonly reporter: readonly string[];
  readonly json?: boolean;
}

/** The exit code is that of the merged run. */
export async function mergeCommand(blobs: readonly string[], flags: MergeFlags): Promise<number> {
  const reporters = multiplex(makeReporters(flags.reporter, { progress: false, json: flags.json === true }));
  const events: RunEvent[] = [];
  const { dir, exitCode, disagreements } = await mergeBlobs(blobs, flags.results, (event) => {
    events.push(event);
  });
  replay({ dir, events }, reporters);
  await reporters.close();
  for (const { cell, hosts } of disagreements) say(`hosts disagree on ${cell}: ${hostsText(hosts)}`);
  say(
    `${blobs.length} ${blobs.length === 1 ? 'blob' : 'blobs'} merged; the record is in ${relative('', dir)}`,
  );
  return exitCode;
}
