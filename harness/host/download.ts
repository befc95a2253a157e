/** Fetches one file by URL (http, https, file) and digests it on the way. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { HostFault, UserError } from '../base/errors.ts';
import { interruption, stopIfInterrupted } from './interruption.ts';

interface DownloadOptions {
  /** The expected sha256 in hex. */
  readonly sha256?: string;
  readonly maxBytes?: number;
  /** Longest time without a byte, from the request on. */
  readonly stallMs?: number;
  /** Told about every whole MB; `total` if the server says how much will come. */
  readonly onProgress?: (bytes: number, total: number | undefined) => void;
}

interface Downloaded {
  readonly sha256: string;
  readonly bytes: number;
}

const MB = 1_000_000;
const DEFAULT_MAX_BYTES = 2_000 * MB;
const DEFAULT_STALL_MS = 60_000;

interface Source {
  readonly body: Readable;
  readonly total: number | undefined;
}

/** Writes the file at `url` to `target`, which does not exist afterwards if anything went wrong. */
export async function downloadFile(
  url: string,
  target: string,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  const stallMs = options.stallMs ?? DEFAULT_STALL_MS;
  const stalled = new AbortController();
  const signal = AbortSignal.any([interruption(), stalled.signal]);
  const timer = setTimeout(() => stalled.abort(), stallMs);
  try {
    const source = await openSource(parseUrl(url), signal);
    const limited = copyAndDigest(source, url, options, () => timer.refresh());
    await pipeline(source.body, limited.transform, createWriteStream(target), { signal });
    const result = limited.result();
    const expected = options.sha256?.toLowerCase();
    if (expected !== undefined && result.sha256 !== expected) {
      throw new UserError(
        `wrong sha256 of ${url}: expected ${expected}, found ${result.sha256}`,
        'the file at this address is another one now, or the digest was copied wrongly',
      );
    }
    return result;
  } catch (error) {
    await rm(target, { force: true });
    stopIfInterrupted(`the download of ${url}`);
    if (stalled.signal.aborted) {
      throw new HostFault(
        'network',
        `${url}: nothing came for ${stallMs / 1000} s`,
        'check the network, then try again',
      );
    }
    throw named(error, url);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a location is a URL rather than a path. */
export function isUrl(location: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(location);
}

function parseUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['http:', 'https:', 'file:'].includes(parsed.protocol)) {
    throw new UserError(
      `not an address that can be fetched: ${url}`,
      'use an http://, https:// or file:// URL',
    );
  }
  return parsed;
}

async function openSource(url: URL, signal: AbortSignal): Promise<Source> {
  if (url.protocol === 'file:') {
    const path = fileURLToPath(url);
    const found = await stat(path);
    if (!found.isFile()) throw new UserError(`${url} is not a file`);
    return { body: createReadStream(path), total: found.size };
  }
  const response = await fetch(url, { signal, redirect: 'follow' });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw refusal(url, response);
  }
  const length = response.headers.get('content-length');
  // With a content encoding the length is that of other bytes than those that we see.
  const plain = response.headers.get('content-encoding') === null;
  return {
    body: Readable.fromWeb(response.body),
    total: length !== null && plain ? Number(length) : undefined,
  };
}

function refusal(url: URL, response: Response): Error {
  const where = response.redirected ? `${url} (redirected to ${response.url})` : `${url}`;
  const what = `${where}: the server answered ${response.status} ${response.statusText}`.trim();
  if (response.status >= 500 || response.status === 429)
    return new HostFault('network', what, 'try again later');
  return new UserError(what, 'check the address');
}

function copyAndDigest(source: Source, url: string, options: DownloadOptions, onBytes: () => void) {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  const hash = createHash('sha256');
  let bytes = 0;
  async function* transform(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    refuseAbove(source.total ?? 0);
    for await (const chunk of chunks) {
      onBytes();
      const before = bytes;
      bytes += chunk.length;
      refuseAbove(bytes);
      hash.update(chunk);
      if (Math.floor(bytes / MB) > Math.floor(before / MB)) options.onProgress?.(bytes, source.total);
      yield chunk;
    }
    if (source.total !== undefined && bytes !== source.total) {
      throw new HostFault('network', `${url}: ended after ${bytes} of ${source.total} bytes`, 'try again');
    }
  }
  function refuseAbove(size: number): void {
    if (size > maxBytes) throw new UserError(`${url} is larger than the ${maxBytes} bytes allowed for it`);
  }
  return { transform, result: (): Downloaded => ({ sha256: hash.digest('hex'), bytes }) };
}

function named(error: unknown, url: string): Error {
  if (error instanceof UserError || error instanceof HostFault) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return new UserError(`${url}: no such file`, undefined, { cause: error });
  if (code === 'ENOSPC')
    return new HostFault('no-space', `no space left to store ${url}`, undefined, { cause: error });
  // fetch says only "fetch failed"; the reason is in the cause.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new HostFault('network', `cannot fetch ${url}: ${why}`, proxyHint(), { cause: error });
}

/** Node's fetch goes through a proxy only if it is told to. */
function proxyHint(): string {
  const proxied = Object.keys(process.env).some((name) => /^https?_proxy$/i.test(name));
  return proxied ? 'a proxy is set: NODE_USE_ENV_PROXY=1 makes it used' : 'check the network, then try again';
}
