/** What the kernel room hands out. */
import type { Cache } from '../host/cache.ts';

/** A kernel that can be booted, with its bytes checked. */
export interface KernelImage {
  readonly name: string;
  /** In the cache; ends in a readable name, for example vmlinuz-6.1.0-56-cloud-amd64. */
  readonly path: string;
  readonly sha256: string;
  /** uname -r, from the image's own header; "unknown" if it holds none. */
  readonly release: string;
  /** Where it came from, for people and for the record. */
  readonly origin: string;
  /** Nothing had to be fetched, copied, unpacked or built. */
  readonly cached: boolean;
  /** Of a kernel that was built here. */
  readonly build?: BuildFacts;
}

/** If a patch did not apply exactly as it was written. */
export interface PatchShift {
  readonly file: string;
  readonly hunk: number;
  /** Lines of context that differ. */
  readonly fuzz: number;
  /** Lines further down (or up, negative) than the patch says. */
  readonly offset: number;
}

/** Where a source in git came from: a path or an address, and the full commit. */
export interface GitOrigin {
  readonly repository: string;
  readonly commit: string;
}

export interface BuildFacts {
  readonly key: string;
  /** For people: "linux-source-6.1 6.1.192-2 (bookworm)". */
  readonly source: string;
  readonly sourceDigest: string;
  readonly git?: GitOrigin;
  readonly patches: readonly {
    readonly name: string;
    readonly sha256: string;
    readonly shifts: readonly PatchShift[];
  }[];
  /** sha256 of the .config that was built with. */
  readonly configSha256: string;
  /** Options of the base configuration that this tree does not know. */
  readonly unknownOptions: readonly string[];
  /** What the tree's era adds, a line for each rule: harness/kernel/era/rules.ts. Kernels of earlier versions have none. */
  readonly era?: readonly string[];
  /** Options of the base configuration that came out different, and that a boot can do without. */
  readonly unmetOptions?: readonly string[];
  readonly compiler: string;
  readonly linker: string;
  /** The note that tells this kernel from others of its release: /sys/kernel/notes in the guest. Null if it has none. */
  readonly buildId: string | null;
  /** Wall time of the build. */
  readonly seconds: number;
  /** Files compiled, linked or packed, as make printed them. */
  readonly steps: number;
  readonly logPath: string;
  readonly configPath: string;
  /** By what the build was confined, or "none: REASON"; kernels of earlier versions do not say. */
  readonly confinement?: string;
}

export interface AcquireOptions {
  readonly cache: Cache;
  readonly onProgress?: (text: string) => void;
  /** Ask the archive again what a package name means today, whatever was resolved before. */
  readonly refresh?: boolean;
  /** Build again although the image is in the cache. */
  readonly force?: boolean;
  /** Start nothing that a matrix names: a kernel that would have to be built is HostFault 'not-built'. */
  readonly buildNothing?: boolean;
  /** Of a build that fails the first error is enough: the others are not looked for. */
  readonly firstErrorOnly?: boolean;
  /** Compilers at once; by default one for each CPU. */
  readonly jobs?: number;
}
