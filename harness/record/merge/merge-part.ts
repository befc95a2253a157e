/** One blob as a part of a merge: what its log says, and which files it holds. Its cells' files stay packed for now. */
import { basename } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { planSha256, type ShardPart } from '../../plan/shard.ts';
import type { Cell } from '../../plan/types.ts';
import type { BlobFile } from '../blob/blob-format.ts';
import { readBlob } from '../blob/blob-read.ts';
import { type EventLog, linesIn, readLog } from '../log.ts';
import { PROVENANCE_FILE } from '../provenance/provenance-file.ts';
import { type Provenance, parseProvenance } from '../provenance/provenance-types.ts';
import type { RunStarted } from '../types.ts';
import { LOG_FILE } from '../writer.ts';

export interface Part {
  readonly path: string;
  /** Name of the blob's file, for messages. */
  readonly name: string;
  readonly label: string;
  readonly log: EventLog;
  readonly started: RunStarted;
  readonly provenance: Provenance | null;
  /** By path within the run's folder. */
  readonly files: ReadonlyMap<string, BlobFile>;
  /** Which part of which plan; a whole run is shard 1/1. */
  readonly shard: ShardPart;
  /** Whether it was begun as a shard. */
  readonly sharded: boolean;
}

/** What a run without shards is: all of its own plan. */
function wholePart(started: RunStarted, cells: readonly Cell[]): ShardPart {
  return {
    index: 1,
    of: 1,
    planSha256: planSha256({ matrixSha256: started.matrix.sha256, cells }),
    planCells: cells.map(({ id }) => id),
    own: cells.map((_, i) => i),
  };
}

function parsedProvenance(bytes: Buffer): Provenance | null {
  try {
    return parseProvenance(JSON.parse(bytes.toString('utf8')));
  } catch {
    return null;
  }
}

/** Reads and verifies a whole blob. Throws UserError if it cannot be used at all. */
export async function readPart(path: string): Promise<Part> {
  const name = basename(path);
  const logName = `${LOG_FILE} of ${name}`;
  let read: EventLog | undefined;
  let provenance: Provenance | null = null;
  const manifest = await readBlob(path, async (file, content) => {
    if (file.path === LOG_FILE) read = await readLog(linesIn(content, logName), logName);
    else if (file.path === PROVENANCE_FILE) provenance = parsedProvenance(await buffer(content));
  });
  // A blob without a log is none.
  const log = read as unknown as EventLog;
  const started = log.view.started as RunStarted;
  const cells = [...log.view.cells.values()].map(({ cell }) => cell);
  return {
    path,
    name,
    label: manifest.label,
    log,
    started,
    provenance,
    files: new Map(manifest.files.map((file) => [file.path, file])),
    shard: started.shard ?? wholePart(started, cells),
    sharded: started.shard !== undefined,
  };
}

function shardText({ shard }: Part): string {
  return `${shard.index}/${shard.of}`;
}

/** "a.blob (shard 1/2 on amd)" */
export function partText(part: Part): string {
  return `${part.name} (${part.sharded ? `shard ${shardText(part)}` : 'a whole run'} on ${part.label})`;
}

/** Ids of the cells that the part was to run. */
export function ownCells({ shard }: Part): string[] {
  return shard.own.map((i) => shard.planCells[i] ?? `place ${i}, which the plan does not have`);
}
