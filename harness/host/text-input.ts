/** Text of any size from a file, a pipe or a device, as a stream that ends when it is told to. */

import { constants, createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { UserError } from '../base/errors.ts';
import { interruption, stopIfInterrupted } from './interruption.ts';

/** Of compressed text: what it may become, in bytes. */
const UNPACKED_MOST = 8 * 1024 ** 3;
/** Zero bytes in a row after which nothing is waited for: a sparse file, or no text. */
const ZERO_MOST = 64 * 1024 * 1024;

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ELOOP: 'a loop of symbolic links',
  ENAMETOOLONG: 'its name is too long',
  ENXIO: 'nothing is behind it',
};

function cannotRead(name: string, error: unknown): UserError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const hint =
    code === 'EACCES' || code === 'EPERM'
      ? 'reading the kernel log may need root: sudo dmesg | tscmatrix diagnose -'
      : 'give the file that holds the output of dmesg, or - for standard input';
  return new UserError(`cannot read ${name}: ${WHY[code] ?? (code === '' ? String(error) : code)}`, hint, {
    cause: error,
  });
}

/** Devices and pipes are read without waiting in a system call, so that an interruption ends them. */
async function openQuietly(path: string): Promise<Readable> {
  const signal = interruption();
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (stat.isDirectory()) throw Object.assign(new Error('directory'), { code: 'EISDIR' });
    if (stat.isFIFO()) {
      // The socket owns the descriptor from here on.
      const socket = new Socket({ fd: file.fd, readable: true, writable: false });
      signal.addEventListener('abort', () => socket.destroy(), { once: true });
      const owner = file;
      socket.on('close', () => void owner.close().catch(() => {}));
      return socket;
    }
    if (stat.isCharacterDevice()) {
      const bytes = await readDevice(file);
      await file.close();
      const stream = new PassThrough();
      stream.end(bytes);
      return stream;
    }
    await file.close();
    return createReadStream(path, { highWaterMark: 1024 * 1024, signal });
  } catch (error) {
    await file?.close().catch(() => {});
    throw cannotRead(path, error);
  }
}

const DEVICE_MOST = 256 * 1024 * 1024;

/** /dev/kmsg gives one record a read, and EAGAIN if there is no more; EPIPE if records were overwritten meanwhile. */
async function readDevice(file: FileHandle): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  const buffer = Buffer.alloc(64 * 1024);
  while (size < DEVICE_MOST && !interruption().aborted) {
    try {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) break;
      parts.push(Buffer.from(buffer.subarray(0, bytesRead)));
      size += bytesRead;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') continue;
      if (code === 'EAGAIN') break;
      throw error;
    }
  }
  return Buffer.concat(parts);
}

const MAGIC: readonly (readonly [string, string, string])[] = [
  ['fd377a585a00', 'xz', 'xzcat'],
  ['425a68', 'bzip2', 'bzcat'],
  ['504b0304', 'a zip archive', 'unzip -p'],
  ['04224d18', 'lz4', 'lz4cat'],
  ['377abcaf271c', 'a 7z archive', '7z e -so'],
  ['4c504b5348485248', 'a journal file', 'journalctl -k --file'],
  ['7f454c46', 'a program (ELF)', ''],
  ['255044462d', 'a PDF', 'pdftotext'],
  ['89504e47', 'a picture (PNG)', ''],
  ['ffd8ff', 'a picture (JPEG)', ''],
];

/** The text behind what it is packed in; an error that names the tool, if it is packed in what is not read here. */
function unpackerOf(head: Buffer, name: string): NodeJS.ReadWriteStream | null {
  const hex = head.subarray(0, 8).toString('hex');
  if (hex.startsWith('1f8b')) return createGunzip();
  if (hex.startsWith('28b52ffd')) return createZstdDecompress();
  const known = MAGIC.find(([magic]) => hex.startsWith(magic));
  if (known === undefined) return null;
  const [, what, tool] = known;
  throw new UserError(
    `${name} is ${what}, not text`,
    tool === '' ? 'give the output of dmesg' : `${tool} ${name} | tscmatrix diagnose -`,
  );
}

/** UTF-16 as PowerShell writes it: by its mark, or by a zero in every other byte. Null for anything else. */
function utf16Of(head: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const pairs = Math.min(head.length >> 1, 200);
  if (pairs < 8) return null;
  let low = 0;
  let high = 0;
  for (let i = 0; i < pairs; i++) {
    if (head[2 * i] === 0 && head[2 * i + 1] !== 0) high += 1;
    if (head[2 * i] !== 0 && head[2 * i + 1] === 0) low += 1;
  }
  return low > pairs * 0.9 ? 'utf-16le' : high > pairs * 0.9 ? 'utf-16be' : null;
}

/** UTF-16 to UTF-8, without a byte order mark. */
export async function* decoded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let decoder: TextDecoder | null | undefined;
  for await (const chunk of chunks) {
    let part = chunk;
    if (decoder === undefined) {
      const form = utf16Of(chunk);
      decoder = form === null ? null : new TextDecoder(form);
      if (part[0] === 0xef && part[1] === 0xbb && part[2] === 0xbf) part = part.subarray(3);
    }
    yield decoder === null ? part : Buffer.from(decoder.decode(part, { stream: true }));
  }
}

export type ByteSource = string | AsyncIterable<Uint8Array | string> | Iterable<Uint8Array>;

/** The bytes of a text, as UTF-8 where they were UTF-16. Otherwise as unpackedChunks(). */
export const textChunks = (source: ByteSource, name: string): AsyncGenerator<Uint8Array> =>
  decoded(unpackedChunks(source, name));

/**
 * Bytes of a file (a path) or a stream, unpacked where they were gzip or zstd. `name` is for messages. Throws UserError where
 * they are packed in another way or cannot be read; ends early where it is interrupted.
 */
export async function* unpackedChunks(source: ByteSource, name: string): AsyncGenerator<Uint8Array> {
  const signal = interruption();
  const stream = typeof source === 'string' ? await openQuietly(source) : source;
  if (typeof source !== 'string' && 'destroy' in source)
    signal.addEventListener('abort', () => (source as Readable).destroy(), { once: true });
  try {
    yield* unpacked(bytesOf(stream), name);
  } catch (error) {
    stopIfInterrupted(`reading ${name}`);
    if (error instanceof UserError) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    if (/^Z_|^ERR_|^ZSTD/.test(code))
      throw new UserError(`${name} is damaged: ${(error as Error).message}`, undefined, { cause: error });
    throw cannotRead(name, error);
  }
}

async function* bytesOf(
  chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  let zeros = 0;
  for await (const chunk of chunks) {
    const bytes =
      typeof chunk === 'string'
        ? Buffer.from(chunk)
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    zeros =
      bytes.length > 0 && bytes[0] === 0 && bytes.at(-1) === 0 && bytes.every((byte) => byte === 0)
        ? zeros + bytes.length
        : 0;
    if (zeros > ZERO_MOST)
      throw new UserError(
        'the input is a run of zero bytes, not text',
        'a sparse or damaged file? give the output of dmesg',
      );
    if (zeros === 0) yield bytes;
  }
}

async function* unpacked(chunks: AsyncGenerator<Buffer>, name: string): AsyncGenerator<Uint8Array> {
  const first = await chunks.next();
  if (first.done === true) return;
  const all = async function* (): AsyncGenerator<Buffer> {
    yield first.value;
    yield* chunks;
  };
  let unpacker: NodeJS.ReadWriteStream | null;
  try {
    unpacker = unpackerOf(first.value, name);
  } catch (error) {
    // The file behind it is closed.
    await chunks.return(undefined);
    throw error;
  }
  if (unpacker === null) {
    yield* all();
    return;
  }
  // Closes what is left of the input where the other side ends early, and passes an error on to it.
  pipeline(Readable.from(all()), unpacker).catch(() => {});
  let size = 0;
  for await (const part of unpacker as unknown as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > UNPACKED_MOST)
      throw new UserError(`${name} unpacks to more than ${UNPACKED_MOST / 1024 ** 3} GiB`);
    yield part;
  }
}
