/** Writes the record of one run: its folder, its event log, and the folders of its boots. */
import { rmSync } from 'node:fs';
import {
  type FileHandle,
  mkdir,
  open,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { HostError } from '../host/errors.ts';
import { codeOf, placeFault, writeFault } from './faults.ts';
import { dropLock, LOCK_FILE, takeLock } from './lock.ts';
import type { Recorded, RunEvent } from './types.ts';

export const LOG_FILE = 'events.jsonl';
export const LATEST = 'latest';
/** After these the log is forced to the disk: what they tell has cost minutes. */
const SYNCED: ReadonlySet<RunEvent['type']> = new Set(['cell-finished', 'run-finished']);

export interface BootFolder {
  /** Absolute. */
  readonly path: string;
  /** Within the run's folder, for CellFinished.folder. */
  readonly folder: string;
}

export interface RecordWriter {
  readonly run: string;
  /** The run's folder, absolute. */
  readonly dir: string;
  /**
   * Writes one event with one write(), in the order of the calls, and gives it as it stands in the log.
   * Rejects with HostError 'disk-full' or 'record-failed'; the log then ends at the last whole event, and
   * every later call rejects likewise.
   */
  append<E extends RunEvent>(event: E): Promise<Recorded<E>>;
  /** Makes cells/CELL/boot-N/. Each can be made once. */
  folderFor(cell: string, boot: number): Promise<BootFolder>;
  /** Writes a file of the run, such as provenance.json, whole or not at all. */
  writeFile(name: string, content: string | Uint8Array): Promise<void>;
  /** Waits for what is being written and gives the folder free. */
  close(): Promise<void>;
}

/**
 * Makes results/RUN/ and its empty log. RUN is the time in UTC and `label` (the matrix's name), so that names sort
 * by age. Throws UserError where `resultsDir` cannot hold results.
 */
export async function openRecord(resultsDir: string, label = 'run', now = new Date()): Promise<RecordWriter> {
  let dir: string;
  let log: FileHandle;
  try {
    await makeFolders(resolve(resultsDir));
    dir = await makeRunFolder(await realpath(resultsDir), runName(label, now));
    await takeLock(dir);
    log = await open(join(dir, LOG_FILE), 'ax', 0o644);
  } catch (error) {
    throw placeFault(error, resultsDir);
  }
  await pointLatest(dir);
  return makeWriter(dir, log);
}

/**
 * Makes a folder and those above it. Node's own `recursive` never returns where the kernel answers ENOENT under a
 * parent that exists, as in /proc, and says ENOENT for a read-only file system.
 */
async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await stat(path)).isDirectory()) return;
    const parent = dirname(path);
    const missing = await stat(parent).then(
      () => false,
      () => true,
    );
    if (codeOf(error) !== 'ENOENT' || !missing || parent === path) throw error;
    await makeFolders(parent);
    await mkdir(path);
  }
}

/** For example 20260131-235959-quick. */
function runName(label: string, now: Date): string {
  const time = now.toISOString().replace(/\..*/, '').replaceAll(/[-:]/g, '').replace('T', '-');
  const word = label
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
    .slice(0, 60);
  return word === '' ? time : `${time}-${word}`;
}

/** mkdir without "recursive" is atomic: of two runs with one name, one gets EEXIST and takes the next name. */
async function makeRunFolder(resultsDir: string, name: string): Promise<string> {
  for (let n = 1; ; n++) {
    const dir = join(resultsDir, n === 1 ? name : `${name}-${n}`);
    try {
      await mkdir(dir);
      return dir;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || n >= 1000) throw error;
    }
  }
}

/** A convenience for people and for "latest"; findRun goes by the names where a file system has no symlinks. */
async function pointLatest(dir: string): Promise<void> {
  const at = dir.lastIndexOf(sep);
  const link = join(dir.slice(0, at), LATEST);
  const fresh = `${link}.${process.pid}`;
  try {
    await rm(fresh, { force: true });
    await symlink(dir.slice(at + 1), fresh);
    await rename(fresh, link);
  } catch {
    await rm(fresh, { force: true }).catch(() => undefined);
  }
}

function makeWriter(dir: string, log: FileHandle): RecordWriter {
  const logPath = join(dir, LOG_FILE);
  const unlock = () => rmSync(join(dir, LOCK_FILE), { force: true });
  process.once('exit', unlock);
  let seq = 0;
  let size = 0;
  let broken: HostError | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let closed: Promise<void> | undefined;

  async function writeLine(line: Buffer, sync: boolean): Promise<void> {
    if (broken !== undefined) throw broken;
    try {
      // A short write is how a disk that fills up shows first; the next one then says why.
      for (let done = 0; done < line.length; ) done += (await log.write(line, done)).bytesWritten;
      if (sync) await log.sync();
      size += line.length;
    } catch (error) {
      broken = writeFault(error, logPath);
      // Cut off the half line. Where even this fails, readers drop a torn last line by themselves.
      await log.truncate(size).catch(() => undefined);
      throw broken;
    }
  }

  return {
    run: dir.slice(dir.lastIndexOf(sep) + 1),
    dir,
    async append(event) {
      if (closed !== undefined) throw new HostError('record-failed', `${logPath} is closed`);
      const recorded = { seq: seq++, at: new Date().toISOString(), ...event };
      const line = Buffer.from(`${JSON.stringify(recorded)}\n`);
      const written = last.then(() => writeLine(line, SYNCED.has(event.type)));
      last = written.catch(() => undefined);
      await written;
      return recorded;
    },
    folderFor: (cell, boot) => makeBootFolder(dir, cell, boot),
    async writeFile(name, content) {
      const path = join(dir, checkedName(name));
      try {
        await writeFile(`${path}.part`, content);
        await rename(`${path}.part`, path);
      } catch (error) {
        await rm(`${path}.part`, { force: true }).catch(() => undefined);
        throw writeFault(error, path);
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

async function makeBootFolder(dir: string, cell: string, boot: number): Promise<BootFolder> {
  if (!Number.isSafeInteger(boot) || boot < 1)
    throw new HostError('record-failed', `no boot has the number ${boot}`);
  const folder = join('cells', checkedName(cell), `boot-${boot}`);
  const path = join(dir, folder);
  try {
    const parent = join(dir, 'cells', cell);
    await mkdir(parent, { recursive: true });
    if ((await realpath(parent)) !== parent) throw new Error('a symbolic link leads out of the run');
    await mkdir(path);
  } catch (error) {
    throw writeFault(error, path);
  }
  return { path, folder };
}

/** A name that stays a single entry of its folder. */
function checkedName(name: string): string {
  if (!/^[A-Za-z0-9_][^/\\\p{Cc}]*$/u.test(name) || Buffer.byteLength(name) > 250) {
    throw new HostError('record-failed', `${JSON.stringify(name)} cannot be the name of a file`);
  }
  return name;
}
