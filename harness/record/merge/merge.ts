/** Makes one run of the blobs of several: shards of a plan, or the same cells from several hosts. */
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../../base/errors.ts';
import { toWriteError } from '../../host/write-faults.ts';
import { readBlob } from '../blob/blob-read.ts';
import { LOG_BYTES_MAX } from '../log.ts';
import { pointLatest } from '../run-folder.ts';
import { applyEvent, countOutcomes, exitCodeOf, newRunView } from '../run-view.ts';
import type { HostJudgement, RunEvent } from '../types.ts';
import { LOG_FILE, openRecord, type RecordWriter } from '../writer.ts';
import { wrongWithParts } from './merge-check.ts';
import { commonProvenance, hostsDisagree } from './merge-common.ts';
import {
  cellEvents,
  folderOf,
  head,
  type Labels,
  labelsOf,
  type MergedCell,
  mergeCell,
  provenancesOf,
} from './merge-events.ts';
import { type Part, readPart } from './merge-part.ts';

interface MergeResult {
  readonly run: string;
  /** Absolute. */
  readonly dir: string;
  readonly exitCode: number;
  /** Cells on which hosts disagree, with what each said. */
  readonly disagreements: readonly { readonly cell: string; readonly hosts: readonly HostJudgement[] }[];
}

/** Unpacks the files of the boots of one part to where they belong now. */
async function unpack(part: Part, cells: readonly MergedCell[], dir: string): Promise<void> {
  const places = new Map<string, string>();
  for (const { planned, moves } of cells)
    for (const move of moves)
      if (move.part === part)
        places.set(folderOf(planned.id, move.from.boot), folderOf(planned.id, move.boot));
  await readBlob(part.path, async ({ path }, content) => {
    const [top, cell, boot, ...rest] = path.split('/');
    const place = places.get(`${top}/${cell}/${boot}`);
    if (place === undefined) return;
    const target = join(dir, place, ...rest);
    try {
      await mkdir(dirname(target), { recursive: true });
      await pipeline(content, createWriteStream(target, { flags: 'wx' }));
    } catch (error) {
      throw error instanceof UserError ? error : toWriteError(error, target);
    }
  });
}

/** The provenance of each part, and what they have in common where the reader looks for it. */
async function writeProvenance(
  record: RecordWriter,
  parts: readonly Part[],
  labels: Labels,
): Promise<(string | null)[]> {
  const known = provenancesOf(parts, labels);
  if (known.length > 0)
    await record.writeFile('provenance.json', `${JSON.stringify(commonProvenance(known), null, 2)}\n`);
  const names: (string | null)[] = [];
  for (const [i, { provenance }] of parts.entries()) {
    if (provenance === null) {
      names.push(null);
      continue;
    }
    const name = `provenance-${i + 1}.json`;
    await record.writeFile(name, `${JSON.stringify(provenance, null, 2)}\n`);
    names.push(name);
  }
  return names;
}

/** Reads all blobs, and says of all of them at once what is wrong. */
async function readParts(paths: readonly string[]): Promise<Part[]> {
  const parts: Part[] = [];
  const wrong: string[] = [];
  let logBytes = 0;
  for (const path of paths) {
    try {
      const part = await readPart(path);
      logBytes += part.files.get(LOG_FILE)?.size ?? 0;
      if (logBytes > LOG_BYTES_MAX)
        throw new UserError(
          `the logs of these blobs have more than ${LOG_BYTES_MAX} bytes, too many for one run`,
          'merge fewer of them',
        );
      parts.push(part);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      wrong.push(error.message);
    }
  }
  wrong.push(...(wrong.length > 0 && parts.length === 0 ? [] : wrongWithParts(parts)));
  if (wrong.length > 0) {
    throw new UserError(
      wrong.length === 1
        ? `these blobs make no whole run: ${wrong[0]}`
        : `these blobs make no whole run, for ${wrong.length} reasons:\n  ${wrong.join('\n  ')}`,
      'docs/shards.md says what can be merged',
    );
  }
  // The order of the command line does not matter.
  return parts.sort(
    (a, b) => a.shard.of - b.shard.of || a.shard.index - b.shard.index || (a.label < b.label ? -1 : 1),
  );
}

/**
 * Merges blobs into a new run in `resultsDir`. Throws UserError that lists everything that keeps them from being one
 * run; nothing is left then, nor if the merge fails on its way. `onEvent` is told of each event of the new record.
 */
export async function mergeBlobs(
  paths: readonly string[],
  resultsDir: string,
  onEvent: (event: RunEvent) => void = () => {},
): Promise<MergeResult> {
  const parts = await readParts(paths);
  const [first] = parts as [Part];
  const labels = labelsOf(parts);
  const cells = first.shard.planCells.map((id) => mergeCell(id, parts, labels));
  const record = await openRecord(resultsDir, first.started.matrix.name, new Date(), {
    latest: false,
  });
  try {
    const view = newRunView();
    const emit = async (event: RunEvent): Promise<void> => {
      const recorded = await record.append(event);
      applyEvent(view, recorded);
      onEvent(recorded);
    };
    for (const part of parts) await unpack(part, cells, record.dir);
    const provenances = await writeProvenance(record, parts, labels);
    for (const event of head(record.run, parts, labels, cells, provenances)) await emit(event);
    for (const cell of cells) for (const event of cellEvents(cell, labels)) await emit(event);
    const counts = countOutcomes(view.cells.values());
    const exitCode = exitCodeOf(counts, false);
    const at = new Date().toISOString();
    await emit({ type: 'run-finished', at, interrupted: false, counts, exitCode });
    const disagreements = cells.flatMap(({ planned, hosts }) =>
      hostsDisagree(hosts) ? [{ cell: planned.id, hosts }] : [],
    );
    await record.close();
    await pointLatest(record.dir);
    return { run: record.run, dir: record.dir, exitCode, disagreements };
  } catch (error) {
    // Half a merged run is no run, and the blobs are still there.
    await record.close().catch(() => undefined);
    await rm(record.dir, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}
