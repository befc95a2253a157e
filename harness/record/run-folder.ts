/** Makes the folder of a run, and the folders of its boots within it. No name leads out of either. */
import { mkdir, realpath, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { HostFault } from '../base/errors.ts';
import { neutralise } from '../base/neutralise.ts';
import { errnoOf, toWriteError } from '../host/write-faults.ts';

export const LATEST = 'latest';
export const CELLS = 'cells';

export interface BootFolder {
  /** Absolute. */
  readonly path: string;
  /** Within the run's folder, for CellFinished.folder. */
  readonly folder: string;
}

/**
 * Makes a folder and those above it. Node's own `recursive` never returns if the kernel answers ENOENT under a
 * parent that exists, as in /proc, and says ENOENT for a read-only file system.
 */
export async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST' && (await stat(path)).isDirectory()) return;
    const parent = dirname(path);
    const missing = await stat(parent).then(
      () => false,
      () => true,
    );
    if (errnoOf(error) !== 'ENOENT' || !missing || parent === path) throw error;
    await makeFolders(parent);
    await mkdir(path);
  }
}

/** For example 20260131-235959-quick: whatever the label holds, one plain name. */
export function runName(label: string, now: Date): string {
  const time = now.toISOString().replace(/\..*/, '').replaceAll(/[-:]/g, '').replace('T', '-');
  const word = label
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
    .slice(0, 60);
  return word === '' ? time : `${time}-${word}`;
}

/** mkdir without "recursive" is atomic: of two runs with one name, one gets EEXIST and takes the next name. */
export async function makeRunFolder(resultsDir: string, name: string): Promise<string> {
  for (let n = 1; ; n++) {
    const dir = join(resultsDir, n === 1 ? name : `${name}-${n}`);
    try {
      await mkdir(dir);
      return dir;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST' || n >= 1000) throw error;
    }
  }
}

/** A convenience for people and for "latest"; findRun goes by the names if a file system has no symlinks. */
export async function pointLatest(dir: string): Promise<void> {
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

/** Makes cells/CELL/boot-N/ in a run's folder. Throws HostFault if it is there already, or would lie elsewhere. */
export async function makeBootFolder(dir: string, cell: string, boot: number): Promise<BootFolder> {
  if (!Number.isSafeInteger(boot) || boot < 1)
    throw new HostFault('record-failed', `no boot has the number ${boot}`);
  const folder = join(CELLS, checkedName(cell), `boot-${boot}`);
  const path = join(dir, folder);
  try {
    const parent = join(dir, CELLS, cell);
    await mkdir(parent, { recursive: true });
    if ((await realpath(parent)) !== parent) throw new Error('a symbolic link leads out of the run');
    await mkdir(path);
  } catch (error) {
    throw toWriteError(error, path);
  }
  return { path, folder };
}

/** Whether a name stays a single entry of its folder. */
export function isPlainName(name: string): boolean {
  // What neutralise() would write out differently looks like another name.
  return /^[A-Za-z0-9_][^/\\]*$/.test(name) && neutralise(name) === name && Buffer.byteLength(name) <= 250;
}

/** Throws HostFault for a name that does not stay a single entry of its folder. */
export function checkedName(name: string): string {
  if (isPlainName(name)) return name;
  throw new HostFault('record-failed', `${JSON.stringify(name)} cannot be the name of a file`);
}
