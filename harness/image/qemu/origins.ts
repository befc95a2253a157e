/** Which sources and firmware the archive has. What was found once is kept until a refresh: the emulator stays the same. */

import { HostFault } from '../../base/errors.ts';
import { findEntry, storeEntry } from '../../host/cache.ts';
import { sha256OfParts } from '../../host/digest.ts';
import { type Apt, showPackage } from '../../kernel/package/apt.ts';
import { showSource } from '../../kernel/package/apt-source.ts';
import { withSuite } from '../../kernel/package/debian.ts';
import { fact, oneAtATime } from '../../kernel/store.ts';
import type { AcquireOptions } from '../../kernel/types.ts';
import type { Origins, Pinned } from './types.ts';

/** QEMU 10.0 has Xen guests under KVM (from 8.0 on) and is what Debian 13 maintains for years. */
export const SOURCE = 'qemu';
export const SUITE = 'trixie';
/** Meson of the same suite: that of Debian 12 is too old for QEMU 10. */
export const MESON = 'meson';

/** Firmware, by package: the name in the package, and the name that QEMU asks for. */
export const FIRMWARE: Readonly<Record<string, readonly { member: string; name: string }[]>> = {
  seabios: [{ member: './usr/share/seabios/bios-256k.bin', name: 'bios-256k.bin' }],
  'qemu-system-data': [
    // Debian's link bios-microvm.bin, which QEMU finds first, leads to qboot.
    { member: './usr/share/qemu/qboot.rom', name: 'bios-microvm.bin' },
    ...['kvmvapic.bin', 'linuxboot_dma.bin', 'multiboot_dma.bin', 'pvh.bin'].map((name) => ({
      member: `./usr/share/qemu/${name}`,
      name,
    })),
  ],
};

const KIND = 'emulator-origins';
const HINT = `the suite ${SUITE} of the Debian archive is needed; "apt-cache policy" shows this machine's archives`;

function keyOfOrigins(): string {
  return sha256OfParts({ source: SOURCE, suite: SUITE });
}

/** What was found before; undefined if the archive was never asked. */
export async function knownOrigins({ cache }: Pick<AcquireOptions, 'cache'>): Promise<Origins | undefined> {
  const entry = await findEntry(cache, KIND, keyOfOrigins());
  const text = entry && fact(entry, 'origins');
  return text === undefined ? undefined : (JSON.parse(text) as Origins);
}

/** Throws HostFault or UserError if the archive does not have what is needed, or cannot be read. */
export async function findOrigins(options: AcquireOptions): Promise<Origins> {
  const key = keyOfOrigins();
  const known = () => (options.refresh ? undefined : knownOrigins(options));
  return (
    (await known()) ??
    (await oneAtATime(key, `the versions of ${SOURCE}`, options, async () => {
      const meanwhile = await known();
      if (meanwhile !== undefined) return meanwhile;
      const found = await withArchive(options, look);
      return keepOrigins(options, found);
    }))
  );
}

/** From now on they are what the emulator of this cache is made of. */
export async function keepOrigins(
  { cache }: Pick<AcquireOptions, 'cache'>,
  found: Origins,
): Promise<Origins> {
  const facts = { origins: JSON.stringify(found) };
  await storeEntry(cache, { kind: KIND, key: keyOfOrigins(), facts });
  return found;
}

/** Runs work with the suite's index of packages and sources. */
export function withArchive<T>(options: AcquireOptions, work: (apt: Apt) => Promise<T>): Promise<T> {
  const { cache, onProgress } = options;
  const context = {
    cache,
    onProgress: (text: string) => onProgress?.(text),
  };
  return withSuite(SUITE, context, work, 'packages and sources');
}

async function look(apt: Apt): Promise<Origins> {
  const source = await showSource(apt, SOURCE);
  if (source === undefined) throw missingSource(`no source package ${SOURCE}`);
  const packages: Record<string, Pinned> = {};
  for (const name of [MESON, ...Object.keys(FIRMWARE)]) {
    const record = await showPackage(apt, name);
    if (record === undefined) throw missingSource(`no package ${name}`);
    packages[name] = { version: record.version, sha256: record.sha256 };
  }
  return { suite: SUITE, source: { version: source.version, files: source.files }, packages };
}

function missingSource(what: string): HostFault {
  return new HostFault(
    'emulator-source',
    `the pinned QEMU cannot be built: ${what} in Debian ${SUITE}`,
    HINT,
  );
}

/** QEMU's version in Debian's: 10.0.13 of 1:10.0.13+ds-0+deb13u1. */
export function upstreamVersion(debianVersion: string): string {
  return debianVersion.replace(/^\d+:/, '').replace(/[^\d.].*$/, '');
}
