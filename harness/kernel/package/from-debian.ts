/**
 * A kernel given by the name of a Debian package. What a name was resolved to is kept: the same matrix boots the
 * same kernel until somebody asks for a refresh, and a warm start asks no network.
 */
import { join } from 'node:path';
import { findEntry, storeEntry, withTemporary } from '../../host/cache.ts';
import { sha256OfParts } from '../../host/digest.ts';
import type { KernelSource } from '../../matrix/types.ts';
import { type Found, fact, findKernel, oneAtATime, type Stored, storeKernel } from '../store.ts';
import type { AcquireOptions } from '../types.ts';
import {
  checkDebianName,
  type FetchContext,
  fetchByName,
  fetchResolved,
  machineRelease,
  type Resolution,
} from './debian.ts';
import { PACKAGE_KIND, packageKey } from './from-package.ts';

type DebianSource = Extract<KernelSource, { kind: 'debian' }>;

const KIND = 'debian-name';

interface CachedResolution extends Resolution {
  /** The day of the resolution, ISO 8601. */
  readonly day: string;
}

export async function acquireDebian(source: DebianSource, options: AcquireOptions): Promise<Found> {
  checkDebianName(source);
  const suite = source.suite ?? `the suite of a machine on ${await machineRelease()}`;
  const key = sha256OfParts({ package: source.package, suite });
  if (!options.refresh) {
    const warm = await findWarm(source, key, options);
    if (warm !== undefined) return warm;
  }
  return oneAtATime(key, `${source.package} of Debian`, options, async () => {
    const kept = options.refresh ? undefined : await findCached(key, options);
    if (kept !== undefined) {
      return (
        (await findWarm(source, key, options)) ??
        describe(source, kept, await getAgain(source, kept, options))
      );
    }
    return getFirst(source, key, options);
  });
}

async function findWarm(
  source: DebianSource,
  key: string,
  options: AcquireOptions,
): Promise<Found | undefined> {
  const kept = await findCached(key, options);
  if (kept === undefined) return undefined;
  const found = await findKernel(PACKAGE_KIND, packageKey(kept.debSha256), options);
  if (found === undefined) return undefined;
  options.onProgress?.(`${kept.package} ${kept.version} from the cache, as resolved on ${kept.day}`);
  return describe(source, kept, found);
}

async function getFirst(source: DebianSource, key: string, options: AcquireOptions): Promise<Found> {
  return withTemporary(options.cache, async (scratch) => {
    const kernel = join(scratch, 'vmlinuz');
    const { resolution, fetched } = await fetchByName(source, kernel, contextOf(scratch, options));
    const packed = packageKey(resolution.debSha256);
    const stored = fetched
      ? await storeKernel(PACKAGE_KIND, packed, kernel, options)
      : await findKernel(PACKAGE_KIND, packed, options);
    if (stored === undefined)
      throw new Error(`the kernel of ${resolution.debSha256} vanished from the cache`);
    const entry = await storeEntry(options.cache, { kind: KIND, key, facts: { ...resolution } });
    return describe(source, { ...resolution, day: dayOf(entry.storedAt) }, stored);
  });
}

/** The resolution is known, the image lost or damaged: the very same one has to come back. */
async function getAgain(
  source: DebianSource,
  kept: CachedResolution,
  options: AcquireOptions,
): Promise<Stored> {
  return withTemporary(options.cache, async (scratch) => {
    const kernel = join(scratch, 'vmlinuz');
    await fetchResolved(kept, source.suite, kernel, contextOf(scratch, options));
    return storeKernel(PACKAGE_KIND, packageKey(kept.debSha256), kernel, options);
  });
}

async function findCached(key: string, options: AcquireOptions): Promise<CachedResolution | undefined> {
  const entry = await findEntry(options.cache, KIND, key);
  if (entry === undefined) return undefined;
  const name = fact(entry, 'package');
  const version = fact(entry, 'version');
  const suite = fact(entry, 'suite');
  const debSha256 = fact(entry, 'debSha256');
  if (!name || !version || !suite || !debSha256) return undefined;
  return { package: name, version, suite, debSha256, day: dayOf(entry.storedAt) };
}

function describe(source: DebianSource, kept: CachedResolution, stored: Stored): Found {
  const by = kept.package === source.package ? 'resolved' : `${source.package} resolved`;
  return {
    ...stored,
    origin: `Debian ${kept.suite}: ${kept.package} ${kept.version} (${by} on ${kept.day})`,
  };
}

function contextOf(scratch: string, options: AcquireOptions): FetchContext {
  const { cache, onProgress } = options;
  return {
    cache,
    scratch,
    have: async (debSha256) => (await findKernel(PACKAGE_KIND, packageKey(debSha256), options)) !== undefined,
    onProgress: (text) => onProgress?.(text),
  };
}

function dayOf(time: string): string {
  return time.slice(0, 10);
}
