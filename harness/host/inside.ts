/**
 * Reads the files of a folder that somebody else may have made, such as the record of a run: plain files only, no links,
 * nothing outside of it, nothing without end. A pipe or a device is not even opened.
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { UserError } from '../base/errors.ts';

/** No file of a boot is larger: a guest's console ends at 8 MiB. */
export const FILE_BYTES_MAX = 64 * 1024 * 1024;

export interface InsideFile {
  readonly handle: FileHandle;
  readonly bytes: number;
}

/**
 * Opens `path` (within `root`, absolute or relative to it) for reading. Rejects with the file system's error if there is
 * no such file, and with UserError if it is none that may be read. `root` itself may be reached by a link.
 */
export async function openInside(root: string, path: string, bytesMax = FILE_BYTES_MAX): Promise<InsideFile> {
  const full = resolve(root, path);
  const inside = relative(resolve(root), full);
  if (inside === '' || inside.split(sep)[0] === '..' || isAbsolute(inside))
    throw refused(full, `it lies outside ${root}`);
  let at = await realpath(root);
  const steps = inside.split(sep);
  for (const [index, step] of steps.entries()) {
    at = join(at, step);
    const stat = await lstat(at);
    if (stat.isSymbolicLink()) throw refused(full, `${step} is a symbolic link`);
    if (index < steps.length - 1 ? !stat.isDirectory() : !stat.isFile())
      throw refused(full, `${step} is no plain ${index < steps.length - 1 ? 'folder' : 'file'}`);
  }
  const handle = await open(at, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    // What was changed since the look at it.
    if (!stat.isFile()) throw refused(full, 'it is no plain file');
    if (stat.size > bytesMax) throw refused(full, `it has ${stat.size} bytes; ${bytesMax} are read at most`);
    return { handle, bytes: stat.size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The content as it is now, whole: what is added meanwhile is left out. Rejects as openInside(). */
export async function readInside(root: string, path: string, bytesMax = FILE_BYTES_MAX): Promise<Buffer> {
  const { handle, bytes } = await openInside(root, path, bytesMax);
  try {
    const buffer = Buffer.allocUnsafe(bytes);
    let read = 0;
    while (read < bytes) {
      const { bytesRead } = await handle.read(buffer, read, bytes - read, read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return buffer.subarray(0, read);
  } finally {
    await handle.close();
  }
}

/**
 * As readInside(), but a link on the way is followed where it stays within `root`, as those of a kernel's tree do.
 */
export async function readBelow(root: string, path: string, bytesMax?: number): Promise<Buffer> {
  const [top, real] = await Promise.all([realpath(root), realpath(join(root, path))]);
  return readInside(top, real, bytesMax);
}

/** A plain file that the user named, which may be a link. Rejects as readInside(). */
export async function readNamed(path: string, bytesMax?: number): Promise<Buffer> {
  const real = await realpath(path);
  return readInside(dirname(real), real, bytesMax);
}

/** Paths within the folder of all that is in it, and in its folders, sorted. */
export async function pathsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** As readInside(), parsed; rejects with SyntaxError too. */
export async function readJsonInside(root: string, path: string, bytesMax?: number): Promise<unknown> {
  return JSON.parse((await readInside(root, path, bytesMax)).toString('utf8'));
}

function refused(path: string, why: string): UserError {
  return new UserError(`${path} is not read: ${why}`, 'only plain files are read');
}
