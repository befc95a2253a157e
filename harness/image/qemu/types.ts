/** What the emulator room hands out. */
import type { Cache } from '../../host/cache.ts';

/** A QEMU that was built here, from named sources with patches of ours. */
export interface PinnedQemu {
  /** Absolute path of qemu-system-x86_64. Its firmware it finds by itself, as long as it stays where it is. */
  readonly program: string;
  /** For -L, if the program is run from another place. */
  readonly firmwareDir: string;
  /** QEMU's own version, for example 10.0.13. */
  readonly version: string;
  /** Of the source package, for example 1:10.0.13+ds-0+deb13u1. */
  readonly debianVersion: string;
  /** Of the program's bytes. */
  readonly sha256: string;
  /** Everything that decides the bytes: also the compiler and the libraries of this machine. */
  readonly key: string;
  /**
   * What decides how a guest behaves: sources, patches, devices, options and firmware. Two machines on which this is
   * the same run the same emulator, whatever compiled it.
   */
  readonly behaviour: string;
  /** Names of our patches, in order. */
  readonly patches: readonly string[];
  /** Shared libraries that the program needs on this host, the loader too: absolute paths. */
  readonly libraries: readonly string[];
  /** Nothing had to be fetched or built. */
  readonly cached: boolean;
}

export interface EmulatorOptions {
  /** The user's cache if it is not given. */
  readonly cache?: Cache;
  readonly onProgress?: (text: string) => void;
  /** Ask the archive again for the newest source, whatever was found before. */
  readonly refresh?: boolean;
  /** A folder with the sources and firmware, in place of the archive. */
  readonly from?: string;
  /** Build again although it is in the cache. */
  readonly force?: boolean;
  /** Compilers at once; by default one for each CPU. */
  readonly jobs?: number;
  /** The folder of the patches and the device list, in place of images/qemu. */
  readonly folder?: string;
}

/** One file out of the archive. */
export interface Pinned {
  readonly version: string;
  readonly sha256: string;
}

/** What an emulator is made of, as the archive had it when it was first asked. */
export interface Origins {
  readonly suite: string;
  readonly source: {
    readonly version: string;
    readonly files: readonly { readonly name: string; readonly sha256: string; readonly bytes: number }[];
  };
  /** Binary packages of the same suite, by name: the build system, and the firmware. */
  readonly packages: Readonly<Record<string, Pinned>>;
}
