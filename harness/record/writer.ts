/** Writes the record of one run: its event log and its files. */
import { rmSync } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { HostFault } from '../base/errors.ts';
import { toResultsDirError, toWriteError } from '../host/write-faults.ts';
import { syncPath, syncTree } from './durable.ts';
import { dropLock, LOCK_FILE, takeLock } from './lock.ts';
import {
  type BootFolder,
  checkedName,
  LATEST,
  makeBootFolder,
  makeFolders,
  makeRunFolder,
  pointLatest,
  runName,
} from './run-folder.ts';
import type { Recorded, RunEvent } from './types.ts';

export { LATEST };
export const LOG_FILE = 'events.jsonl';
/** After these the log is forced to the disk: what they tell has cost minutes, or what follows rests on them. */
const SYNCED: ReadonlySet<RunEvent['type']> = new Set([
  'host-noted',
  'cell-finished',
  'run-resumed',
  'run-finished',
]);

export interface RecordWriter {
  readonly run: string;
  /** The run's folder, absolute. */
  readonly dir: string;
  /**
   * Writes one event with one write(), in the order of the calls, and gives it as it stands in the log. The files
   * of a boot are on the disk before its cell-finished is. Rejects with HostFault 'disk-full' or 'record-failed';
   * the log then ends at the last whole event, and every later call rejects likewise.
   */
  append<E extends RunEvent>(event: E): Promise<Recorded<E>>;
  /** Makes cells/CELL/boot-N/. Each can be made once. */
  folderFor(cell: string, boot: number): Promise<BootFolder>;
  /** Writes a file of the run, such as provenance.json, whole or not at all. */
  writeFile(name: string, content: string | Uint8Array): Promise<void>;
  /** Waits for what is being written and gives the folder free. */
  close(): Promise<void>;
}

interface OpenOptions {
  /** Whether results/latest points to it at once. */
  readonly latest?: boolean;
}

/**
 * Makes results/RUN/ and its empty log. RUN is the time in UTC and `label` (the matrix's name), so that names sort
 * by age. Throws UserError if `resultsDir` cannot hold results.
 */
export async function openRecord(
  resultsDir: string,
  label = 'run',
  now = new Date(),
  { latest = true }: OpenOptions = {},
): Promise<RecordWriter> {
  let dir: string;
  let log: FileHandle;
  try {
    await makeFolders(resolve(resultsDir));
    dir = await makeRunFolder(await realpath(resultsDir), runName(label, now));
    await takeLock(dir);
    log = await open(join(dir, LOG_FILE), 'ax', 0o644);
    await syncPath(dir);
    await syncPath(dirname(dir));
  } catch (error) {
    throw toResultsDirError(error, resultsDir);
  }
  if (latest) await pointLatest(dir);
  return makeWriter(dir, log, { seq: 0, bytes: 0 });
}

/** How far a log is written. */
export interface LogEnd {
  /** Of the next event. */
  readonly seq: number;
  readonly bytes: number;
}

/** A writer for a log that is open for appending and ends at `end`, in a folder whose lock is ours. */
export function makeWriter(dir: string, log: FileHandle, end: LogEnd): RecordWriter {
  const logPath = join(dir, LOG_FILE);
  const unlock = () => rmSync(join(dir, LOCK_FILE), { force: true });
  process.once('exit', unlock);
  let { seq, bytes } = end;
  let broken: HostFault | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let closed: Promise<void> | undefined;

  async function writeLine(line: Buffer, event: RunEvent): Promise<void> {
    if (broken !== undefined) throw broken;
    try {
      // First the files that it tells of: they must not be lost if the event is kept.
      if (event.type === 'cell-finished') await syncTree(join(dir, event.folder), dir);
      // A short write is how a disk that fills up shows first; the next one then says why.
      for (let done = 0; done < line.length; ) done += (await log.write(line, done)).bytesWritten;
      if (SYNCED.has(event.type)) await log.sync();
      bytes += line.length;
    } catch (error) {
      broken = toWriteError(error, logPath);
      // Cut off the half line. If even this fails, readers drop a torn last line by themselves.
      await log.truncate(bytes).catch(() => undefined);
      throw broken;
    }
  }

  return {
    run: dir.slice(dir.lastIndexOf(sep) + 1),
    dir,
    async append(event) {
      if (closed !== undefined) throw new HostFault('record-failed', `${logPath} is closed`);
      const recorded = { seq: seq++, at: new Date().toISOString(), ...event };
      const line = Buffer.from(`${JSON.stringify(recorded)}\n`);
      const written = last.then(() => writeLine(line, event));
      last = written.catch(() => undefined);
      await written;
      return recorded;
    },
    folderFor: (cell, boot) => makeBootFolder(dir, cell, boot),
    async writeFile(name, content) {
      const path = join(dir, checkedName(name));
      try {
        await writeFile(`${path}.part`, content, { flush: true });
        await rename(`${path}.part`, path);
        await syncPath(dir);
      } catch (error) {
        await rm(`${path}.part`, { force: true }).catch(() => undefined);
        throw toWriteError(error, path);
      }
    },
    close() {
      closed ??= (async () => {
        await last;
        await log.close();
        await dropLock(dir);
        process.off('exit', unlock);
      })();
      return closed;
    },
  };
}
