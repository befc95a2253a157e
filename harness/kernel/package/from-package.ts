/** A kernel in a .deb or .rpm, given by path or by URL with sha256. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../base/errors.ts';
import { withTemporary } from '../../host/cache.ts';
import { sha256OfFile, sha256OfParts } from '../../host/digest.ts';
import { downloadFile, isUrl } from '../../host/download.ts';
import { runTool } from '../../host/process.ts';
import type { KernelSource } from '../../matrix/types.ts';
import { checkSha256 } from '../from-file.ts';
import { type Found, findKernel, oneAtATime, type Stored, storeKernel } from '../store.ts';
import type { AcquireOptions } from '../types.ts';
import { debReader } from './deb.ts';
import { describeContent, readHead } from './filetype.ts';
import { extractKernel, findKernelMembers, type PackageReader, runPipeline } from './unpack.ts';

type PackageSource = Extract<KernelSource, { kind: 'deb' | 'rpm' }>;

/**
 * Kernels in RPM packages, read by bsdtar: one small Debian package (libarchive-tools) on a library that is
 * mostly there already, where rpm2cpio brings five packages and still needs cpio behind it.
 */
const rpmReader: PackageReader = {
  async list(path) {
    await refuseOther(path);
    const text = await runPipeline('exec bsdtar -tf "$1"', [path], path);
    return text.split('\n').filter((line) => line !== '');
  },
  async extract(path, member, target) {
    // To stdout, see deb.ts. bsdtar takes the name as a pattern; findKernelMembers lets no pattern characters through.
    await runPipeline('exec bsdtar -xOf "$1" -- "$2" > "$3"', [path, member, target], path);
  },
};

async function refuseOther(path: string): Promise<void> {
  const { head } = await readHead(path);
  const content = describeContent(head);
  if (content.what !== 'an RPM package') throw new UserError(`${path} is not an .rpm: it is ${content.what}`);
  await runTool('bsdtar', ['--version'], { hint: 'apt-get install libarchive-tools' });
}

export const READERS = { deb: debReader, rpm: rpmReader };
/** Whether there is a kernel among the package's members. Throws UserError for what is no package. */
export async function holdsKernel(kind: 'deb' | 'rpm', path: string): Promise<boolean> {
  return findKernelMembers(await READERS[kind].list(path), path).length > 0;
}

const SHA256 = /^[0-9a-f]{64}$/i;

/** The cache key of the kernel in a package of these bytes. */
export function packageKey(sha256: string): string {
  return sha256OfParts({ package: sha256 });
}

export const PACKAGE_KIND = 'kernel-package';

export async function acquirePackage(source: PackageSource, options: AcquireOptions): Promise<Found> {
  const { kind, location } = source;
  const origin = `${kind} ${location}`;
  if (isUrl(location) && !/^file:/i.test(location)) {
    const sha256 = requireSha256(source);
    const get = (folder: string) => fetchPackage(source, sha256, join(folder, `package.${kind}`), options);
    return { ...(await unpackOnce(source, sha256, get, options)), origin };
  }
  const path = isUrl(location) ? localPath(location) : location;
  await readHead(path); // Says what is wrong with a path.
  const sha256 = await sha256OfFile(path);
  checkSha256(path, sha256, source.sha256);
  return { ...(await unpackOnce(source, sha256, async () => path, options)), origin };
}

async function unpackOnce(
  source: PackageSource,
  sha256: string,
  get: (folder: string) => Promise<string>,
  options: AcquireOptions,
): Promise<Stored> {
  const key = packageKey(sha256);
  const found = await findKernel(PACKAGE_KIND, key, options);
  if (found !== undefined) return found;
  return oneAtATime(key, source.location, options, async () => {
    const meanwhile = await findKernel(PACKAGE_KIND, key, options);
    if (meanwhile !== undefined) return meanwhile;
    return withTemporary(options.cache, async (folder) => {
      const path = await get(folder);
      options.onProgress?.(`unpacking ${source.location}`);
      const kernel = join(folder, 'vmlinuz');
      await extractKernel(READERS[source.kind], path, kernel);
      // The key is the digest of what we read at first; a package that was replaced since is another one.
      checkSha256(source.location, await sha256OfFile(path), sha256);
      return storeKernel(PACKAGE_KIND, key, kernel, options);
    });
  });
}

async function fetchPackage(
  source: PackageSource,
  sha256: string,
  target: string,
  options: AcquireOptions,
): Promise<string> {
  options.onProgress?.(`downloading ${source.location}`);
  await downloadFile(source.location, target, {
    sha256,
    onProgress: (bytes, total) => {
      const of = total === undefined ? '' : ` of ${(total / 1e6).toFixed(0)}`;
      options.onProgress?.(`downloading, ${(bytes / 1e6).toFixed(0)}${of} MB`);
    },
  });
  await stat(target);
  return target;
}

function requireSha256({ location, sha256 }: PackageSource): string {
  if (sha256 === undefined) {
    throw new UserError(
      `${location} needs its sha256`,
      `find it out with: curl -sL '${location}' | sha256sum`,
    );
  }
  if (!SHA256.test(sha256))
    throw new UserError(`not a sha256: ${JSON.stringify(sha256)}`, '64 hex digits are needed');
  return sha256.toLowerCase();
}

function localPath(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new UserError(`not the URL of a local file: ${url}`, 'use file:///absolute/path', { cause: error });
  }
}
