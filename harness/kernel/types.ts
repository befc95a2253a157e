/** What the kernel room hands out. */
import type { Cache } from '../host/cache.ts';

/** A kernel that can be booted, with its bytes checked. */
export interface KernelImage {
  /** The name the matrix gives it. */
  readonly name: string;
  /** In the cache; ends in a readable name, for example vmlinuz-6.1.0-56-cloud-amd64. */
  readonly path: string;
  readonly sha256: string;
  /** uname -r, from the image's own header; "unknown" where it holds none. */
  readonly release: string;
  /** Where it came from, for people and for the record. */
  readonly origin: string;
  /** Nothing had to be fetched, copied or unpacked. */
  readonly cached: boolean;
}

export interface AcquireOptions {
  readonly cache: Cache;
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
  /** Ask the archive again what a package name means today, whatever was resolved before. */
  readonly refresh?: boolean;
}
