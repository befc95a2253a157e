/** Source packages: what the signed index says of one, and its files, checked against that. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault } from '../../base/errors.ts';
import { sha256OfFile } from '../../host/digest.ts';
import { tryTool } from '../../host/process.ts';
import { type Apt, downloadFault, runApt } from './apt.ts';

interface SourceFile {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

interface SourceRecord {
  readonly package: string;
  /** Debian's version, as in 1:10.0.13+ds-0+deb13u1. */
  readonly version: string;
  readonly files: readonly SourceFile[];
}

/** The newest version of a source package in the suite; undefined if there is none. */
export async function showSource(apt: Apt, name: string): Promise<SourceRecord | undefined> {
  const result = await runApt(apt, 'apt-cache', ['showsrc', '--only-source', name]);
  if (result.exitCode !== 0) return undefined;
  let newest: SourceRecord | undefined;
  for (const record of parseSources(result.stdout)) {
    if (record.package !== name) continue;
    if (newest === undefined || (await isNewer(record.version, newest.version))) newest = record;
  }
  return newest;
}

/** Reads stanzas of a Sources index (deb-src-control(5)). */
export function parseSources(text: string): SourceRecord[] {
  const records: SourceRecord[] = [];
  for (const stanza of text.split(/\n{2,}/)) {
    const field = (key: string) => new RegExp(`^${key}: (\\S+)`, 'm').exec(stanza)?.[1];
    const name = field('Package');
    const version = field('Version');
    const sums = /^Checksums-Sha256:[^\n]*\n((?: [^\n]*(?:\n|$))+)/m.exec(stanza)?.[1];
    if (name === undefined || version === undefined || sums === undefined) continue;
    const files = [...sums.matchAll(/^ ([0-9a-f]{64}) (\d+) (\S+)$/gm)].map(
      ([, sha256 = '', bytes, file = '']): SourceFile => ({ name: file, sha256, bytes: Number(bytes) }),
    );
    records.push({ package: name, version, files });
  }
  return records;
}

async function isNewer(version: string, than: string): Promise<boolean> {
  const args = ['--compare-versions', version, 'gt', than];
  return (await tryTool('dpkg', args)).exitCode === 0;
}

/** Downloads all files of a source package into a new folder; each is what the signed index says. */
export async function downloadSource(
  apt: Apt,
  record: SourceRecord,
  folder: string,
  onProgress: (text: string) => void,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const bytes = record.files.reduce((sum, file) => sum + file.bytes, 0);
  const what = `the source of ${record.package} ${record.version}`;
  onProgress(`downloading ${what} (${(bytes / 1e6).toFixed(1)} MB)`);
  const asked = `${record.package}=${record.version}`;
  const result = await runApt(
    apt,
    'apt-get',
    ['-q', 'source', '--download-only', '--only-source', asked],
    folder,
  );
  if (result.exitCode !== 0) throw downloadFault(apt, what, result);
  for (const { name, sha256 } of record.files) {
    const found = await sha256OfFile(join(folder, name));
    if (found === sha256) continue;
    throw new HostFault('signature', `${name} has the sha256 ${found}, the signed index says ${sha256}`);
  }
}
