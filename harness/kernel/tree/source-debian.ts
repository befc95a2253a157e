/** Sources in Debian packages such as linux-source-6.1. What a name was resolved to is kept until a refresh. */

import { UserError } from '../../base/errors.ts';
import { findEntry, storeEntry, withTemporary } from '../../host/cache.ts';
import { sha256OfParts } from '../../host/digest.ts';
import type { TreeSource } from '../../matrix/types.ts';
import { showPackage } from '../package/apt.ts';
import { checkDebianName, download, machineRelease, withSuite } from '../package/debian.ts';
import { DYING, runPipeline } from '../package/unpack.ts';
import { fact, oneAtATime } from '../store.ts';
import type { AcquireOptions } from '../types.ts';
import type { Source } from './types.ts';

type DebianSource = Extract<TreeSource, { kind: 'debian' }>;

const KIND = 'debian-source';
const HINT = 'sources are named like linux-source-6.1; bookworm-backports and trixie have newer ones';
const GONE = 'resolve the name again with a refresh; the kernels will be those of another source';

const PACKAGED = `${DYING} dpkg-deb --fsys-tarfile "$1"`;
const MEMBER = `${DYING} tar --extract --to-stdout --no-wildcards --file - -- "$2"`;
const UNPACK = `XZ_DEFAULTS=-T0 ${DYING} tar --extract --xz --no-same-owner --no-same-permissions --directory "$3" --file -`;

interface Resolved {
  readonly version: string;
  readonly suite: string;
  readonly debSha256: string;
}

export async function debianSource(source: DebianSource, options: AcquireOptions): Promise<Source> {
  checkDebianName(source);
  const suite = source.suite ?? `the suite of a machine on ${await machineRelease()}`;
  const key = sha256OfParts({ package: source.package, suite });
  const resolved =
    (options.refresh ? undefined : await findResolved(key, options)) ??
    (await oneAtATime(key, `${source.package} of Debian`, options, async () => {
      const meanwhile = options.refresh ? undefined : await findResolved(key, options);
      return meanwhile ?? resolve(source, key, options);
    }));
  return {
    digest: resolved.debSha256,
    label: `${source.package} ${resolved.version} (${resolved.suite})`,
    unpack: (into) => unpack(source, resolved, into, options),
  };
}

async function findResolved(key: string, options: AcquireOptions): Promise<Resolved | undefined> {
  const entry = await findEntry(options.cache, KIND, key);
  if (entry === undefined) return undefined;
  const version = fact(entry, 'version');
  const suite = fact(entry, 'suite');
  const debSha256 = fact(entry, 'debSha256');
  return version && suite && debSha256 ? { version, suite, debSha256 } : undefined;
}

async function resolve(source: DebianSource, key: string, options: AcquireOptions): Promise<Resolved> {
  return withSuite(source.suite, contextOf(options), async (apt, suite) => {
    const record = await showPackage(apt, source.package);
    if (record === undefined) throw new UserError(`no package ${source.package} in Debian ${suite}`, HINT);
    const resolved = { version: record.version, suite, debSha256: record.sha256 };
    await storeEntry(options.cache, { kind: KIND, key, facts: { package: source.package, ...resolved } });
    return resolved;
  });
}

async function unpack(
  source: DebianSource,
  resolved: Resolved,
  into: string,
  options: AcquireOptions,
): Promise<void> {
  await withTemporary(options.cache, async (scratch) => {
    const deb = await withSuite(source.suite, contextOf(options), async (apt) => {
      const record = await showPackage(apt, source.package, resolved.version);
      if (record?.sha256 !== resolved.debSha256) {
        const name = `${source.package} ${resolved.version}`;
        throw new UserError(`the Debian archive has no ${name} (${resolved.suite}) any more`, GONE);
      }
      return download(apt, record, { scratch, onProgress: contextOf(options).onProgress });
    });
    options.onProgress?.(`unpacking ${source.package} ${resolved.version}`);
    const member = `./usr/src/${source.package}.tar.xz`;
    // No look through the archive first: apt has checked it against Debian's signed index. xz uses all CPUs.
    await runPipeline(`${PACKAGED} | ${MEMBER} | ${UNPACK}`, [deb, member, into], deb);
  });
}

function contextOf({ cache, onProgress }: AcquireOptions) {
  return { cache, onProgress: (text: string) => onProgress?.(text) };
}
