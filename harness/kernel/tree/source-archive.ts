/** Sources in tarballs and in source RPMs. */
import { join } from 'node:path';
import { HostFault, UserError } from '../../base/errors.ts';
import { withTemporary } from '../../host/cache.ts';
import { sha256OfParts } from '../../host/digest.ts';
import { downloadFile, isUrl } from '../../host/download.ts';
import { runTool, tryTool } from '../../host/process.ts';
import type { TreeSource } from '../../matrix/types.ts';
import { checkSha256 } from '../from-file.ts';
import { unpackPrepared } from '../rpm/prepare.ts';
import type { AcquireOptions } from '../types.ts';
import { digestOfFile } from './file-digest.ts';
import { checkTar } from './tar-check.ts';
import type { Source } from './types.ts';
import { noSpace, untar } from './untar.ts';

/** Of how a source RPM is prepared: trees of another are others. */
const PREPARED_VERSION = '1';

type ArchiveSource = Extract<TreeSource, { kind: 'tarball' | 'srpm' }>;

export async function archiveSource(source: ArchiveSource, options: AcquireOptions): Promise<Source> {
  const { kind, location } = source;
  const remote = isUrl(location);
  const sha256 = remote ? source.sha256 : await digestOfFile(location, options);
  if (sha256 === undefined) throw new UserError(`${location} needs its sha256`);
  checkSha256(location, sha256, source.sha256);
  const prepared = source.kind === 'srpm' && source.prepared === true;
  return {
    digest: prepared ? sha256OfParts({ srpm: sha256, prepared: PREPARED_VERSION }) : sha256,
    label: `${location.slice(location.lastIndexOf('/') + 1)}${prepared ? ', prepared' : ''}`,
    unpack: (into) =>
      withTemporary(options.cache, async (scratch) => {
        const path = remote ? await fetchArchive(location, sha256, scratch, options) : location;
        if (prepared) await unpackPrepared(path, scratch, into, options);
        else await unpackArchive(kind, path, scratch, into);
        // What was digested has to be what was unpacked.
        if (!remote) checkSha256(location, await digestOfFile(location, options), sha256);
      }),
  };
}

async function unpackArchive(
  kind: ArchiveSource['kind'],
  path: string,
  scratch: string,
  into: string,
): Promise<void> {
  const tar = kind === 'srpm' ? await tarOfRpm(path, scratch) : path;
  await checkTar(tar);
  await untar(tar, into);
}

async function fetchArchive(
  url: string,
  sha256: string,
  scratch: string,
  options: AcquireOptions,
): Promise<string> {
  const target = join(scratch, 'archive');
  await downloadFile(url, target, {
    sha256,
    onProgress: (bytes) => options.onProgress?.(`downloading ${url}, ${(bytes / 1e6).toFixed(0)} MB`),
  });
  return target;
}

/** The kernel's own archive in a source RPM; patches beside it are not applied. */
async function tarOfRpm(path: string, scratch: string): Promise<string> {
  const tool = {
    hint: 'apt-get install libarchive-tools',
    env: { LC_ALL: 'C' },
  };
  const listed = await tryTool('bsdtar', ['-tf', path], tool);
  if (listed.exitCode !== 0) throw new UserError(`${path} is not a source RPM: ${listed.stderr.trim()}`);
  const names = listed.stdout.split('\n').filter((name) => /^linux-[\w.+~-]+\.tar(?:\.\w+)?$/.test(name));
  const [name] = names;
  if (name === undefined || names.length > 1) {
    const what = names.length === 0 ? 'no linux-*.tar.*' : `more than one: ${names.join(', ')}`;
    throw new UserError(`${path}: ${what} among its members`, 'unpack it and give the tree as a directory');
  }
  try {
    await runTool('bsdtar', ['-xf', path, '-C', scratch, '--', name], tool);
  } catch (error) {
    if (error instanceof HostFault && /No space left/.test(error.message)) throw noSpace(`to unpack ${path}`);
    throw error;
  }
  return join(scratch, name);
}
