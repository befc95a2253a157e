/** Reads a blob as a stream, believing nothing of it: names, sizes and digests must be those that its first entry lists. */
import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { HostFault, UserError } from '../../base/errors.ts';
import { type InsideFile, openInside } from '../../host/inside.ts';
import { errnoOf } from '../../host/write-faults.ts';
import {
  BLOB_LIMITS,
  type BlobFile,
  type BlobLimits,
  type BlobManifest,
  MANIFEST,
  notBlob,
  parseManifest,
  RUN_PREFIX,
  tooLarge,
} from './blob-format.ts';

/** Takes the content of one file of the run; it is verified only when the whole blob has been read. */
type TakeFile = (file: BlobFile, content: AsyncIterable<Uint8Array>) => Promise<void>;

type Entry = AsyncIterable<Uint8Array> & { readonly header: Header };

/** Bytes of content that came out of the archive, and of how many entries. */
interface Taken {
  bytes: number;
  entries: number;
}

/** Headers and padding of an entry with the longest name there may be. */
const ENTRY_BYTES = 8192;
/** Of the file as it is. */
const BLOB_BYTES_MAX = 16 * 1024 * 1024 * 1024;
/** What streams hold on the way, and the end of the archive. */
const SLACK_BYTES = 8 * 1024 * 1024;

/** Ends a stream of which far more goes in than comes out as files: a header, or an end, without end. */
function watched(taken: Taken, blob: string): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      if (bytes - taken.bytes > SLACK_BYTES + taken.entries * ENTRY_BYTES)
        done(notBlob(blob, 'it unpacks to far more than the files that it lists'));
      else done(null, chunk);
    },
  });
}

async function textOf(entry: Entry, limit: number, blob: string, taken: Taken): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of entry) {
    bytes += chunk.length;
    taken.bytes += chunk.length;
    if (bytes > limit) throw tooLarge(blob, `its ${MANIFEST} has more than ${limit} bytes`, limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Passes a file on, and throws if its bytes are not those that were listed. */
async function* verified(
  entry: Entry,
  file: BlobFile,
  blob: string,
  taken: Taken,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of entry) {
    taken.bytes += chunk.length;
    hash.update(chunk);
    bytes += chunk.length;
    yield chunk;
  }
  if (bytes !== file.size || hash.digest('hex') !== file.sha256)
    throw notBlob(blob, `${file.path} is not what was packed`);
}

async function readEntries(
  entries: AsyncIterable<Entry>,
  blob: string,
  limits: BlobLimits,
  take: TakeFile,
  taken: Taken,
  packedBytes: number,
): Promise<BlobManifest> {
  let manifest: BlobManifest | undefined;
  const due = new Map<string, BlobFile>();
  for await (const entry of entries) {
    taken.entries++;
    const { name, type, size } = entry.header;
    if (type !== 'file') throw notBlob(blob, `${JSON.stringify(name)} is no plain file`);
    if (manifest === undefined) {
      if (name !== MANIFEST) throw notBlob(blob, `it does not begin with ${MANIFEST}`);
      const text = await textOf(entry, limits.manifestBytes, blob, taken);
      manifest = parseManifest(text, blob, limits, packedBytes);
      for (const file of manifest.files) due.set(`${RUN_PREFIX}${file.path}`, file);
      continue;
    }
    const file = due.get(name);
    if (file === undefined) throw notBlob(blob, `it holds ${JSON.stringify(name)}, which it does not list`);
    if (size !== file.size) throw notBlob(blob, `${file.path} is not what was packed`);
    due.delete(name);
    const content = verified(entry, file, blob, taken);
    await take(file, content);
    // What was not asked for is verified all the same.
    for await (const _ of content);
  }
  if (manifest === undefined) throw notBlob(blob, 'it is empty');
  if (due.size > 0) throw notBlob(blob, `${due.size} of its ${manifest.files.length} files are missing`);
  return manifest;
}

/** What zlib and tar-stream say of bytes that are no blob, said plainly. */
function toBlobError(error: unknown, path: string, blob: string): Error {
  if (error instanceof UserError || error instanceof HostFault) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = errnoOf(error);
  if (code === 'Z_BUF_ERROR' || /unexpected end/i.test(message))
    return notBlob(blob, 'it was cut short; was it copied whole?', error);
  if (code.startsWith('Z_') || /invalid tar|header exceeds/i.test(message))
    return notBlob(blob, `it is damaged, or no blob at all (${message})`, error);
  if (['ENOENT', 'EISDIR', 'EACCES', 'ENOTDIR'].includes(code))
    return new UserError(`cannot read the blob ${path}: ${code}`, undefined, { cause: error });
  return error instanceof Error ? error : new Error(message);
}

async function openBlob(path: string): Promise<InsideFile> {
  try {
    // The user names the blob, which may be a link; the folder that it is in is as good a root as any.
    const real = await realpath(path);
    if ((await stat(real)).isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    return await openInside(dirname(real), real, BLOB_BYTES_MAX);
  } catch (error) {
    throw toBlobError(error, path, basename(path));
  }
}

/**
 * Reads a whole blob and gives what it lists; `take` gets each file of the run on the way. Throws UserError if it is
 * damaged, cut short, of a newer version, too large to be true, or names files that no run has.
 */
export async function readBlob(
  path: string,
  take: TakeFile,
  limits: BlobLimits = BLOB_LIMITS,
): Promise<BlobManifest> {
  const blob = basename(path);
  const { handle, bytes: packedBytes } = await openBlob(path);
  const archive = extract();
  const taken: Taken = { bytes: 0, entries: 0 };
  let first: { readonly error: unknown } | undefined;
  const noted = (error: unknown): void => {
    first ??= { error };
  };
  const feeding = pipeline(
    handle.createReadStream(),
    createGunzip(),
    watched(taken, blob),
    archive as unknown as Writable,
  ).catch(noted);
  let manifest: BlobManifest | undefined;
  try {
    manifest = await readEntries(
      archive as AsyncIterable<unknown> as AsyncIterable<Entry>,
      blob,
      limits,
      take,
      taken,
      packedBytes,
    );
  } catch (error) {
    // If the bytes ended early, that is the fault, and not what the archive made of it.
    if (error instanceof UserError || error instanceof HostFault) first = { error };
    else noted(error);
    archive.destroy();
  }
  await feeding;
  if (manifest !== undefined && first === undefined) return manifest;
  throw toBlobError(first?.error, path, blob);
}
