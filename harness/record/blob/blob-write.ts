/** Packs the folder of a run into one portable file. */
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Pack, pack } from 'tar-stream';
import { UserError } from '../../base/errors.ts';
import { sha256OfFile } from '../../host/digest.ts';
import { errnoOf, toWriteError } from '../../host/write-faults.ts';
import { syncPath } from '../durable.ts';
import { readRecord } from '../reader.ts';
import {
  BLOB_FORMAT,
  BLOB_VERSION,
  type BlobFile,
  type BlobManifest,
  checkedLabel,
  isRunFile,
  labelFrom,
  MANIFEST,
  RUN_PREFIX,
} from './blob-format.ts';

/** The same run gives the same bytes: no times, no owners. */
const HEADER = { mtime: new Date(0), mode: 0o644, uid: 0, gid: 0 };

async function filesOf(dir: string): Promise<BlobFile[]> {
  const names = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = names
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter(isRunFile)
    .sort();
  const files: BlobFile[] = [];
  for (const path of paths) {
    const full = join(dir, path);
    files.push({ path, size: (await lstat(full)).size, sha256: await sha256OfFile(full) });
  }
  return files;
}

async function fill(archive: Pack, dir: string, manifest: BlobManifest): Promise<void> {
  const text = `${JSON.stringify(manifest, null, 1)}\n`;
  await new Promise<void>((done, fail) => {
    archive.entry({ ...HEADER, name: MANIFEST }, text, (error) => (error ? fail(error) : done()));
  });
  for (const { path, size } of manifest.files) {
    const entry = archive.entry({ ...HEADER, name: `${RUN_PREFIX}${path}`, size }) as unknown as Writable;
    if (size === 0) entry.end();
    else await pipeline(createReadStream(join(dir, path), { end: size - 1 }), entry);
  }
  archive.finalize();
}

/**
 * Writes the blob of a run whole or not at all, and gives what it lists. Without a label it is the one that the run
 * was given, else this host's name. Throws UserError if the run is still going
 * on or `file` cannot be written, HostFault if the disk is full.
 */
export async function writeBlob(dir: string, file: string, label: string | null): Promise<BlobManifest> {
  const record = await readRecord(dir);
  if (record.state === 'running') {
    throw new UserError(`the run ${record.run} is still going on`, 'wait for its end, or stop it');
  }
  const manifest: BlobManifest = {
    format: BLOB_FORMAT,
    version: BLOB_VERSION,
    label: checkedLabel(label ?? record.view.started?.label ?? labelFrom(hostname())),
    run: record.run,
    files: await filesOf(record.dir),
  };
  const path = resolve(file);
  const part = `${path}.part`;
  const archive = pack();
  try {
    await Promise.all([
      pipeline(archive as unknown as Readable, createGzip(), createWriteStream(part)),
      fill(archive, record.dir, manifest).catch((error: Error) => {
        archive.destroy(error);
        throw error;
      }),
    ]);
    await syncPath(part);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR', 'EROFS'].includes(errnoOf(error)))
      throw new UserError(
        `the blob ${path} cannot be written: ${errnoOf(error)}`,
        'name a file in a folder that exists and is writable',
        {
          cause: error,
        },
      );
    throw toWriteError(error, path);
  }
  return manifest;
}
