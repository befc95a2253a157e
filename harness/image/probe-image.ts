/** The probe initramfs: a static busybox, our probe, and an /init. The same inputs give the same bytes. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault } from '../base/errors.ts';
import { openCache, storeObject, takeObject, withTemporary } from '../host/cache.ts';
import { imagesFolder } from '../host/project.ts';
import { traceBootconfig, traceRequest } from '../matrix/trace.ts';
import { withBootconfig } from './bootconfig.ts';
import { compileFolder } from './compile.ts';
import { type Entry, packInitramfs } from './cpio.ts';
import { readElf } from './elf.ts';

export interface ProbeImage {
  readonly path: string;
  readonly sha256: string;
}

/** What no call leads to, and the linker's padding between segments, is room for the probe itself. */
const SMALL = [
  ...['-ffunction-sections', '-fdata-sections', '-Wl,--gc-sections'],
  ...['-Wl,-z,noseparate-code', '-Wl,-z,norelro'],
];
/**
 * The kernel prints the initramfs's addresses and size, and its time counts the copying: a probe of one size leaves the log
 * up to its own start as it was, byte for byte, whatever is changed in it. A C library that needs more is as it is.
 */
const PROBE_BYTES = 834_576;
const BUSYBOX_PATHS = ['/bin/busybox', '/usr/bin/busybox'];
const BUSYBOX_HINT = 'apt-get install busybox-static';
async function readBusybox(): Promise<Buffer> {
  for (const path of BUSYBOX_PATHS) {
    const program = await readFile(path).catch(() => null);
    if (program === null) continue;
    if (readElf(program)?.interpreter !== null) {
      throw new HostFault('tool-missing', `${path} is not a static program`, BUSYBOX_HINT);
    }
    return program;
  }
  throw new HostFault('tool-missing', 'a static busybox is needed for the guests', BUSYBOX_HINT);
}

/** The folders and devices that any of our initramfs has before its files. */
export const SKELETON: readonly Entry[] = [
  ...['bin', 'dev', 'proc', 'sys'].map((path): Entry => ({ path, kind: 'folder' })),
  { path: 'dev/console', kind: 'character-device', mode: 0o600, major: 5, minor: 1 },
];

/** Puts an initramfs in the cache, by its content. */
export async function storeInitramfs(
  name: string,
  entries: readonly Entry[],
  bootconfig = '',
): Promise<ProbeImage> {
  const packed = packInitramfs(entries);
  const bytes = bootconfig === '' ? packed : withBootconfig(packed, bootconfig);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const cache = await openCache();
  const object = { sha256, name, bytes: bytes.length };
  const found = await takeObject(cache, object);
  if (found !== undefined) return { path: found, sha256 };
  return withTemporary(cache, async (folder) => {
    await writeFile(join(folder, name), bytes);
    const stored = await storeObject(cache, join(folder, name), name);
    return { path: (await takeObject(cache, stored)) as string, sha256 };
  });
}

/** A static busybox as an entry; throws HostFault if there is none. */
export async function busyboxEntry(): Promise<Entry> {
  return { path: 'bin/busybox', kind: 'file', mode: 0o755, bytes: await readBusybox() };
}

function traceEntry(trace: string): Entry {
  return { path: 'trace', kind: 'file', mode: 0o644, bytes: Buffer.from(traceRequest(trace), 'latin1') };
}

/** The same for the probe that runs tests. */
const TESTS_PROBE_BYTES = 854_576;

function padded(probe: Buffer, size: number): Buffer {
  return Buffer.concat([probe, Buffer.alloc(Math.max(0, size - probe.length))]);
}

/**
 * With the code for tests, or for a trace (the setting of the guest), the probe is another program: guests without any keep theirs,
 * byte for byte.
 */
export async function probeEntries(withTests: boolean, trace = ''): Promise<Entry[]> {
  const shared = ['exits/exits.h'];
  const flags = [...SMALL];
  if (withTests) {
    shared.push('tests/tests.c', 'tests/tests.h');
    flags.push('-DWITH_TESTS');
  }
  if (trace !== '') {
    shared.push('trace/trace.c', 'trace/trace.h');
    flags.push('-DTRACED');
  }
  const [busybox, probe, init] = await Promise.all([
    busyboxEntry(),
    compileFolder('tscprobe', 'probe', shared, flags).then((path) => readFile(path)),
    readFile(join(imagesFolder(), 'probe', 'init')),
  ]);
  const bytes = padded(probe, withTests ? TESTS_PROBE_BYTES : PROBE_BYTES);
  return [
    ...SKELETON,
    busybox,
    { path: 'bin/tscprobe', kind: 'file', mode: 0o755, bytes },
    { path: 'init', kind: 'file', mode: 0o755, bytes: init },
    ...(trace === '' ? [] : [traceEntry(trace)]),
  ];
}

/** Builds the image, or finds it in the cache. Throws HostFault where busybox or the compiler is missing. */
export async function buildProbeImage(trace = ''): Promise<ProbeImage> {
  return storeInitramfs('probe.cpio', await probeEntries(false, trace), traceBootconfig(trace));
}
