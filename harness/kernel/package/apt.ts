/**
 * apt with a state of its own in the cache: it knows the asked suite and nothing of this machine's, installs
 * nothing and needs no root. Proxies, certificates and the like are the machine's (its Acquire settings).
 * Signatures are always checked, against the keys of the debian-archive-keyring package.
 */
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault, UserError } from '../../base/errors.ts';
import { runTool, type ToolResult, tryTool } from '../../host/process.ts';
import type { Archive } from './apt-sources.ts';

export interface Apt {
  readonly folder: string;
  readonly archive: Archive;
}

/** Which of the archive's indices apt reads: packages to install, and with them or not those of sources. */
export type AptIndices = 'packages' | 'packages and sources';

/** What the signed index says of one version of a package. */
export interface PackageRecord {
  readonly package: string;
  readonly version: string;
  readonly depends: string;
  readonly sha256: string;
  readonly bytes: number;
}

const KEYRINGS = [
  '/usr/share/keyrings/debian-archive-keyring.gpg',
  '/usr/share/keyrings/debian-archive-keyring.pgp',
];

/** Makes the state in `folder` and brings its index up to date. */
export async function openApt(
  folder: string,
  archive: Archive,
  indices: AptIndices = 'packages',
): Promise<Apt> {
  if (/["\\\n]/.test(folder))
    throw new HostFault('cache-unusable', `apt cannot work in a folder named ${folder}`);
  for (const part of ['state/lists/partial', 'cache/archives/partial']) {
    await mkdir(join(folder, part), { recursive: true });
  }
  await writeFile(join(folder, 'apt.conf'), await configuration(folder));
  await writeFile(join(folder, 'debian.sources'), stanza(archive, await findKeyring(), indices));
  const apt = { folder, archive };
  const result = await runApt(apt, 'apt-get', ['-q', 'update']);
  const fault = updateFault(result, archive);
  if (fault !== undefined) throw fault;
  return apt;
}

/** Drops what only saves apt from reading the index again and again: 60 MB a suite. */
export async function closeApt(apt: Apt): Promise<void> {
  await rm(join(apt.folder, 'cache', 'pkgcache.bin'), { force: true });
}

const SUITE_HINT =
  'suites are named like bookworm, trixie, trixie-backports or sid; very old ones are in archives of their own';

/** The newest version of a package, or the one asked for; undefined if there is none. */
export async function showPackage(
  apt: Apt,
  name: string,
  version?: string,
): Promise<PackageRecord | undefined> {
  const asked = version === undefined ? name : `${name}=${version}`;
  const result = await runApt(apt, 'apt-cache', ['show', '--no-all-versions', asked]);
  if (result.exitCode !== 0 || result.stdout.trim() === '') return undefined;
  const field = (key: string) => new RegExp(`^${key}: (.*)$`, 'm').exec(result.stdout)?.[1] ?? '';
  return {
    package: field('Package'),
    version: field('Version'),
    depends: [field('Pre-Depends'), field('Depends')].filter((each) => each !== '').join(', '),
    sha256: field('SHA256'),
    bytes: Number(field('Size')),
  };
}

/** Downloads a package into an empty folder, checked against the signed index by apt. */
export async function downloadPackage(apt: Apt, record: PackageRecord, into: string): Promise<void> {
  const result = await runApt(
    apt,
    'apt-get',
    ['-q', 'download', `${record.package}=${record.version}`],
    into,
  );
  if (result.exitCode !== 0) throw downloadFault(apt, `${record.package} ${record.version}`, result);
}

/** Why apt did not download what its index lists. */
export function downloadFault(apt: Apt, what: string, result: ToolResult): HostFault {
  if (/404 +Not Found/.test(result.stderr)) {
    return new HostFault(
      'archive',
      `the Debian archive lists ${what} in ${apt.archive.suite} but does not have it`,
      'a mirror being updated will have it soon; of an old suite it may be gone for good: try another suite',
    );
  }
  return networkFault(`cannot download ${what}`, result);
}

/** Runs one of apt's tools on this state. */
export function runApt(apt: Apt, tool: string, args: readonly string[], cwd?: string): Promise<ToolResult> {
  return tryTool(tool, args, {
    env: { APT_CONFIG: join(apt.folder, 'apt.conf'), LC_ALL: 'C' },
    hint: 'package names need a Debian machine; elsewhere give the kernel as a .deb',
    ...(cwd === undefined ? {} : { cwd }),
  });
}

/** What was wrong with an update. apt warns of some failures only, and then goes on with what it had before. */
function updateFault(result: ToolResult, { uri, suite }: Archive): Error | undefined {
  const text = result.stderr;
  const faults = text.split('\n').filter((line) => /^[EW]: /.test(line));
  if (result.exitCode === 0 && !text.includes('Failed to fetch')) return undefined;
  // What cannot be reached is "Failed to fetch"; this message means that the server answered and has no such suite.
  if (text.includes("Release' does not have a Release file")) {
    return new UserError(`the Debian archive ${uri} has no suite ${suite}`, SUITE_HINT);
  }
  if (/NO_PUBKEY|EXPKEYSIG|is not signed|invalid signature/i.test(text)) {
    const message = `the Debian archive's signature cannot be verified:\n${faults.join('\n')}`;
    return new HostFault('signature', message, 'apt-get install --only-upgrade debian-archive-keyring');
  }
  return networkFault('cannot read the Debian archive', result);
}

function networkFault(what: string, result: ToolResult): HostFault {
  const lines = result.stderr.trim().split('\n');
  const reasons = lines.filter((line) => /^[EW]: /.test(line)).slice(0, 4);
  return new HostFault(
    /No space left/.test(result.stderr) ? 'no-space' : 'network',
    `${what}:\n${(reasons.length > 0 ? reasons : lines.slice(-4)).join('\n')}`,
    'check the network and this machine\'s apt sources with "apt-get update"; a .deb given by path needs neither',
  );
}

/**
 * apt reads APT_CONFIG before the machine's files, so naming other places there keeps those from being read:
 * without that, hooks of the machine's configuration would run after every update here.
 */
async function configuration(folder: string): Promise<string> {
  const dump = await runTool('apt-config', ['dump', 'Acquire'], {
    hint: 'package names need a Debian machine; elsewhere give the kernel as a .deb',
  });
  // The indices are chosen by the sources; the machine's list of targets would bring icons and translations.
  const acquire = dump.stdout.split('\n').filter((line) => !line.startsWith('Acquire::IndexTargets'));
  return `${acquire.join('\n')}
Acquire::Languages "none";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "${folder}/debian.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "${folder}/state";
Dir::State::status "/dev/null";
Dir::Cache "${folder}/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
// Suites that cannot be reached are a failure, not a reason to use what an earlier update brought.
APT::Update::Error-Mode "any";
// The user _apt could not enter a cache in somebody's home.
APT::Sandbox::User "root";
`;
}

function stanza({ uri, suite }: Archive, keyring: string, indices: AptIndices): string {
  const [types, targets] = indices === 'packages' ? ['deb', 'Packages'] : ['deb deb-src', 'Packages Sources'];
  const fields = { Types: types, URIs: uri, Suites: suite, Components: 'main', Architectures: 'amd64' };
  const more = { Targets: targets, PDiffs: 'no', 'Signed-By': keyring };
  return Object.entries({ ...fields, ...more })
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('');
}

async function findKeyring(): Promise<string> {
  for (const path of KEYRINGS) {
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return path;
  }
  throw new HostFault(
    'signature',
    'the keys of the Debian archive are not installed',
    'apt-get install debian-archive-keyring',
  );
}
