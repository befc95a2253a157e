/**
 * The appliance (L1): a small Linux with KVM, our init and a QEMU, in which a KVM guest runs on any host. Made here of
 * packages and our own files, the same from the same inputs, and kept in the cache.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCache } from '../host/cache.ts';
import { imagesFolder } from '../host/project.ts';
import { acquireKernel, type KernelImage } from '../kernel/acquire.ts';
import type { KernelEntry } from '../matrix/types.ts';
import { buildExitsLibrary, compileFolder } from './compile.ts';
import type { Entry } from './cpio.ts';
import { SKELETON, storeInitramfs } from './probe-image.ts';
import { pinnedQemu } from './qemu/pinned.ts';
import type { PinnedQemu } from './qemu/types.ts';

export interface Appliance {
  readonly kernel: KernelImage;
  readonly initrdPath: string;
  /** The emulator under it, which is also the QEMU within. */
  readonly emulator: PinnedQemu;
  /** sha256 over the kernel's and the initramfs' digests. */
  readonly sha256: string;
}

interface ApplianceOptions {
  readonly onProgress?: (text: string) => void;
}

/** The tree that the seed's 6.1 kernels are made of: a machine that builds those has it already. */
const KERNEL_PACKAGE = { package: 'linux-source-6.1', suite: 'bookworm' } as const;

/** Firmware that the guest's QEMU looks for; the rest of the folder is for machines that it does not make. */
const FIRMWARE = ['bios-256k.bin', 'kvmvapic.bin', 'linuxboot_dma.bin', 'multiboot_dma.bin', 'pvh.bin'];

export function kernelEntry(): KernelEntry {
  return {
    name: 'appliance',
    source: {
      kind: 'build',
      tree: { kind: 'debian', ...KERNEL_PACKAGE },
      patches: [],
      cherryPick: [],
      fuzz: 0,
      config: {
        base: { kind: 'guest' },
        fragments: [join(imagesFolder(), 'appliance', 'kernel.config')],
        set: {},
      },
      toolchain: {
        cc: ['gcc'],
        hostcc: [],
        ld: ['ld'],
        kcflags: [],
        kaflags: [],
        hostcflags: [],
        ldflags: [],
        make: {},
        wrappers: {},
        extraFiles: {},
      },
    },
  };
}

async function file(path: string, from: string, mode: number): Promise<Entry> {
  return { path: path.replace(/^\//, ''), kind: 'file', mode, bytes: await readFile(from) };
}

/** All folders above the files, each once. */
function foldersOf(paths: readonly string[]): Entry[] {
  const folders = new Set<string>();
  for (const path of paths) {
    const parts = path.split('/').slice(0, -1);
    for (const index of parts.keys()) folders.add(parts.slice(0, index + 1).join('/'));
  }
  const known = new Set(SKELETON.map((entry) => entry.path));
  return [...folders]
    .filter((path) => !known.has(path))
    .sort()
    .map((path): Entry => ({ path, kind: 'folder' }));
}

/** Packs the initramfs around a QEMU; the same inputs give the same bytes. */
export async function packAppliance(emulator: PinnedQemu): Promise<{ path: string; sha256: string }> {
  const there = new Set(await readdir(emulator.firmwareDir));
  const [init, exits] = await Promise.all([
    compileFolder('init', 'appliance', ['probe/frame.c', 'probe/frame.h', 'exits/exits.h']),
    buildExitsLibrary(),
  ]);
  const files = await Promise.all([
    file('init', init, 0o755),
    file('bin/qemu-system-x86_64', emulator.program, 0o755),
    file('lib/kvm-exits.so', exits, 0o755),
    ...emulator.libraries.map((path) => file(path, path, 0o755)),
    ...FIRMWARE.filter((name) => there.has(name)).map((name) =>
      file(`share/qemu/${name}`, join(emulator.firmwareDir, name), 0o644),
    ),
  ]);
  return storeInitramfs('appliance.cpio', [
    ...SKELETON,
    ...foldersOf(files.map(({ path }) => path)),
    ...files,
  ]);
}

/** Builds what the cache lacks: minutes on a new machine. Throws HostFault or BuildError if that is not possible. */
export async function buildAppliance(options: ApplianceOptions = {}): Promise<Appliance> {
  const { onProgress } = options;
  const cache = await openCache();
  const common = {
    cache,
    ...(onProgress === undefined ? {} : { onProgress }),
  };
  const emulator = await pinnedQemu(common);
  const kernel = await acquireKernel(kernelEntry(), common);
  const initrd = await packAppliance(emulator);
  const sha256 = createHash('sha256').update(`${kernel.sha256} ${initrd.sha256}`).digest('hex');
  return { kernel, initrdPath: initrd.path, emulator, sha256 };
}
