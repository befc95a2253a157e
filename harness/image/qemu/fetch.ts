/** Gets what findOrigins found: a patched source tree, the build system, and the firmware. */
import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault } from '../../base/errors.ts';
import { runTool } from '../../host/process.ts';
import { type Apt, showPackage } from '../../kernel/package/apt.ts';
import { downloadSource, showSource } from '../../kernel/package/apt-source.ts';
import { debReader } from '../../kernel/package/deb.ts';
import { download } from '../../kernel/package/debian.ts';
import { untar } from '../../kernel/tree/untar.ts';
import type { AcquireOptions } from '../../kernel/types.ts';
import { FIRMWARE, MESON, SOURCE, SUITE, withArchive } from './origins.ts';
import type { OwnFiles } from './own-files.ts';
import type { Origins } from './types.ts';

/** Files of one suite, downloaded and checked. */
interface Fetched {
  readonly sourceFolder: string;
  /** .deb files by package. */
  readonly debs: Readonly<Record<string, string>>;
}

/** Fills `folder` with source/ (Debian's patches applied), meson/ and firmware/. `scratch` is for downloads; there are none if the files are the user's `own`. */
export async function fetchOrigins(
  origins: Origins,
  folder: string,
  scratch: string,
  options: AcquireOptions,
  own?: OwnFiles,
): Promise<void> {
  const { onProgress } = options;
  const fetched =
    own === undefined
      ? await withArchive(options, (apt) => fetchAll(apt, origins, scratch, options))
      : { sourceFolder: own.folder, debs: own.debs };
  onProgress?.(`unpacking ${SOURCE} ${origins.source.version}`);
  await unpackSource(origins, fetched.sourceFolder, folder);
  await mkdir(join(folder, 'meson'));
  await runTool(
    'dpkg-deb',
    ['--extract', fetched.debs[MESON] ?? '', join(folder, 'meson')],
    SAY_IT_IN_ENGLISH,
  );
  await mkdir(join(folder, 'firmware'));
  for (const [name, files] of Object.entries(FIRMWARE)) {
    for (const file of files) {
      const target = join(folder, 'firmware', file.name);
      await debReader.extract(fetched.debs[name] ?? '', file.member, target);
    }
  }
}

async function fetchAll(
  apt: Apt,
  origins: Origins,
  scratch: string,
  options: AcquireOptions,
): Promise<Fetched> {
  const onProgress = (text: string): void => options.onProgress?.(text);
  const source = await showSource(apt, SOURCE);
  if (source === undefined || JSON.stringify(source.files) !== JSON.stringify(origins.source.files)) {
    throw goneError(`${SOURCE} ${origins.source.version}`, source?.version);
  }
  const sourceFolder = join(scratch, 'source');
  await downloadSource(apt, source, sourceFolder, onProgress);
  const debs: Record<string, string> = {};
  for (const [name, { version, sha256 }] of Object.entries(origins.packages)) {
    const record = await showPackage(apt, name, version);
    if (record?.sha256 !== sha256) throw goneError(`${name} ${version}`, record?.version);
    debs[name] = await download(apt, record, { scratch, onProgress });
  }
  return { sourceFolder, debs };
}

/** The archive moves on; what a machine has built stays in its cache. */
function goneError(what: string, now: string | undefined): HostFault {
  return new HostFault(
    'emulator-source',
    `the Debian archive has no ${what} in ${SUITE} any more${now === undefined ? '' : `, but ${now}`}`,
    'build from what it has now: tscmatrix build --qemu --refresh',
  );
}

/** The upstream archive, Debian's folder in it, and Debian's patches applied in the order of their series. */
async function unpackSource(origins: Origins, sourceFolder: string, folder: string): Promise<void> {
  const archive = (pattern: RegExp): string => {
    const found = origins.source.files.find(({ name }) => pattern.test(name));
    if (found === undefined) throw oddSource(`no ${pattern.source} among its files`);
    return join(sourceFolder, found.name);
  };
  const unpacked = join(folder, 'unpacked');
  await mkdir(unpacked);
  // No look through the archives first: apt has checked them against Debian's signed index, or the user vouches for them.
  await untar(archive(/\.orig\.tar\.\w+$/), unpacked);
  const [top, ...others] = await readdir(unpacked);
  if (top === undefined || others.length > 0) throw oddSource('it does not unpack to one folder');
  const source = join(folder, 'source');
  await rename(join(unpacked, top), source);
  await untar(archive(/\.debian\.tar\.\w+$/), source);
  const patches = join(source, 'debian', 'patches');
  for (const line of (await readFile(join(patches, 'series'), 'utf8')).split('\n')) {
    const name = line.replace(/(?:^|\s)#.*/, '').trim();
    if (name === '') continue;
    const args = ['-p1', '--force', '--silent', '--no-backup-if-mismatch', '-i', join(patches, name)];
    await runTool('patch', args, { cwd: source, hint: 'apt-get install patch', ...SAY_IT_IN_ENGLISH });
  }
}

function oddSource(why: string): HostFault {
  return new HostFault('emulator-source', `the source package ${SOURCE} is not as expected: ${why}`);
}

const SAY_IT_IN_ENGLISH = { env: { LC_ALL: 'C' } };
