/** Finds the kernel that a Debian package name leads to, and downloads its package. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault, UserError } from '../../base/errors.ts';
import { type Cache, withCacheLock } from '../../host/cache.ts';
import { sha256OfFile } from '../../host/digest.ts';
import {
  type Apt,
  type AptIndices,
  closeApt,
  downloadPackage,
  openApt,
  type PackageRecord,
  showPackage,
} from './apt.ts';
import { findArchive, machineArchives, ownSuite } from './apt-sources.ts';
import { debReader } from './deb.ts';
import { lookForKernel } from './unpack.ts';

interface DebianName {
  readonly package: string;
  readonly suite?: string;
}

/** What a name was resolved to. It is kept, so that the same matrix means the same kernel tomorrow. */
export interface Resolution {
  /** The package that holds the kernel; a meta package's name leads there. */
  readonly package: string;
  readonly version: string;
  readonly suite: string;
  readonly debSha256: string;
}

export interface FetchContext {
  readonly cache: Cache;
  /** An empty folder for the packages and the kernel. */
  readonly scratch: string;
  /** Whether the kernel in a package of this sha256 is in the cache already. */
  readonly have: (debSha256: string) => Promise<boolean>;
  readonly onProgress: (text: string) => void;
}

const PACKAGE = /^[a-z0-9][a-z0-9+.-]+$/;
const SUITE = /^[a-z][a-z0-9.-]*(?:\/[a-z-]+)?$/;
/** A kernel's meta packages lead to it through these. linux-binary-* is where kernels are from 7.x on. */
const LEADS_ON = /^linux-(?:image|binary)-/;
const MOST_STEPS = 8;

/** Refuses names that apt could take for anything but a name. */
export function checkDebianName({ package: name, suite }: DebianName): void {
  if (!PACKAGE.test(name)) {
    throw new UserError(
      `not a Debian package name: ${JSON.stringify(name)}`,
      'for example linux-image-cloud-amd64',
    );
  }
  if (suite !== undefined && !SUITE.test(suite)) {
    throw new UserError(
      `not a Debian suite: ${JSON.stringify(suite)}`,
      'for example bookworm or trixie-backports',
    );
  }
}

/** The release of this machine: part of what a name without a suite means. */
export async function machineRelease(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^VERSION_CODENAME="?([\w.-]+)/m.exec(text)?.[1] ?? 'unknown';
}

/** Resolves a name against the archive as it is now. If `fetched`, the kernel's bytes are at `kernelPath`. */
export async function fetchByName(
  asked: DebianName,
  kernelPath: string,
  context: FetchContext,
): Promise<{ resolution: Resolution; fetched: boolean }> {
  return withSuite(asked.suite, context, async (apt, suite) => {
    const first = await showPackage(apt, asked.package);
    if (first === undefined) {
      throw new UserError(`no package ${asked.package} in Debian ${suite}`, PACKAGE_HINT);
    }
    const waiting = [first];
    const seen = new Set<string>();
    for (
      let record = waiting.shift();
      record !== undefined && seen.size < MOST_STEPS;
      record = waiting.shift()
    ) {
      if (seen.has(record.package)) continue;
      seen.add(record.package);
      const { package: name, version, sha256: debSha256 } = record;
      const resolution = { package: name, version, suite, debSha256 };
      if (await context.have(debSha256)) return { resolution, fetched: false };
      const deb = await download(apt, record, context);
      const found = await lookForKernel(debReader, deb, kernelPath);
      if (found !== undefined) return { resolution, fetched: true };
      waiting.push(...(await leadsOn(apt, record)));
    }
    const looked = [...seen].join(', ');
    throw new UserError(
      `${asked.package} of Debian ${suite} leads to no kernel; looked into ${looked}`,
      PACKAGE_HINT,
    );
  });
}

const PACKAGE_HINT =
  'kernels are named like linux-image-amd64, linux-image-cloud-amd64 or linux-image-6.1.0-32-amd64';

/** Downloads once more exactly what a name was resolved to before; the kernel's bytes are at `kernelPath` then. */
export async function fetchResolved(
  resolution: Resolution,
  askedSuite: string | undefined,
  kernelPath: string,
  context: FetchContext,
): Promise<void> {
  await withSuite(askedSuite, context, async (apt) => {
    const name = `${resolution.package} ${resolution.version}`;
    const record = await showPackage(apt, resolution.package, resolution.version);
    if (record?.sha256 !== resolution.debSha256) {
      const what = record === undefined ? `has no ${name} any more` : `has another ${name} now`;
      throw new UserError(
        `the Debian archive ${what}, and the cache has lost it since ${resolution.suite} had it`,
        AGAIN,
      );
    }
    const deb = await download(apt, record, context);
    const kernel = await lookForKernel(debReader, deb, kernelPath);
    if (kernel === undefined) throw new UserError(`${name} holds no kernel`, AGAIN);
  });
}

const AGAIN = 'resolve the name again with a refresh; the results will be those of another kernel';

/** Runs work with an up-to-date private index of a suite; one process at a time, since apt's state is one. */
export async function withSuite<T>(
  asked: string | undefined,
  context: Pick<FetchContext, 'cache' | 'onProgress'>,
  work: (apt: Apt, suite: string) => Promise<T>,
  indices: AptIndices = 'packages',
): Promise<T> {
  const { cache, onProgress } = context;
  const archives = await machineArchives();
  const suite = asked ?? ownSuite(archives);
  if (suite === undefined)
    throw new UserError("this machine's apt sources name no Debian release", 'name a suite');
  const archive = findArchive(suite, archives);
  if (archive === undefined) {
    throw new UserError(
      `this machine's apt sources have no archive like that of ${suite}`,
      'name another suite',
    );
  }
  // Another mirror gets another state: apt would take the lists of the one for those of the other.
  const digest = createHash('sha256').update(archive.uri).digest('hex').slice(0, 12);
  const name = indices === 'packages' ? suite : `${suite}-with-sources`;
  const folder = join(cache.root, 'apt', `${name.replace('/', '_')}-${digest}`);
  const lock = {
    purpose: `reading Debian ${suite}`,
    onWait: onProgress,
  };
  return withCacheLock(cache, `apt ${name} ${digest}`, lock, async () => {
    onProgress(`reading the package index of Debian ${suite}`);
    const apt = await openApt(folder, archive, indices);
    try {
      return await work(apt, suite);
    } finally {
      await closeApt(apt);
    }
  });
}

/** Downloads one package into a folder of its own in the scratch folder; gives the checked file's path. */
export async function download(
  apt: Apt,
  record: PackageRecord,
  context: Pick<FetchContext, 'scratch' | 'onProgress'>,
): Promise<string> {
  const folder = join(context.scratch, record.package);
  await mkdir(folder);
  context.onProgress(`downloading ${record.package} ${record.version} (${size(record.bytes)})`);
  await downloadPackage(apt, record, folder);
  const file = (await readdir(folder)).find((name) => name.endsWith('.deb'));
  if (file === undefined) throw new HostFault('tool-failed', `apt-get downloaded no ${record.package}`);
  const path = join(folder, file);
  const found = await sha256OfFile(path);
  if (found !== record.sha256) {
    throw new HostFault(
      'signature',
      `${file} has the sha256 ${found}, the signed index says ${record.sha256}`,
    );
  }
  return path;
}

async function leadsOn(apt: Apt, record: PackageRecord): Promise<PackageRecord[]> {
  const found: PackageRecord[] = [];
  for (const { name, version } of parseDepends(record.depends)) {
    const next = LEADS_ON.test(name) ? await showPackage(apt, name, version) : undefined;
    if (next !== undefined) found.push(next);
  }
  return found;
}

/** "a (= 1) | b, c:any (>= 2)" as names, with the versions that are fixed. Alternatives count as well. */
export function parseDepends(text: string): { name: string; version?: string }[] {
  const parsed: { name: string; version?: string }[] = [];
  for (const clause of text.split(/[,|]/)) {
    const [, name, version] =
      /^\s*([a-z0-9][a-z0-9+.-]*)(?::[\w-]+)?\s*(?:\(= ([^)\s]+)\))?/.exec(clause) ?? [];
    if (name !== undefined) parsed.push({ name, ...(version === undefined ? {} : { version }) });
  }
  return parsed;
}

function size(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
