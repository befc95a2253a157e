/** Built images in the cache, with their facts. */
import { createHash } from 'node:crypto';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault, UserError } from '../../base/errors.ts';
import { findEntry, storeEntry, storeObject, withTemporary } from '../../host/cache.ts';
import { confinementText } from '../../host/confine/confine.ts';
import { tryTool } from '../../host/process.ts';
import { readKernelImage } from '../bzimage.ts';
import type { Applied } from '../patch/apply.ts';
import { exchanged, type Found, fact, findKernel } from '../store.ts';
import type { AcquireOptions, BuildFacts } from '../types.ts';
import type { Compiled } from './compile.ts';
import { BuildError } from './errors.ts';
import { type Job, originOf } from './job.ts';
import type { Make } from './make.ts';

export const BUILD_KIND = 'kernel-build';

/** The image of these inputs, if it was built before and is whole. */
export async function findBuilt(job: Job, options: AcquireOptions): Promise<Found | undefined> {
  const entry = await findEntry(options.cache, BUILD_KIND, job.key);
  const facts = entry && fact(entry, 'build');
  if (entry === undefined || facts === undefined) return undefined;
  const found = await findKernel(BUILD_KIND, job.key, options);
  if (found === undefined) return undefined;
  // The same tree may be that of another commit than when it was built.
  const { git: _, ...build } = JSON.parse(facts) as BuildFacts;
  if (build.key !== job.key) throw exchanged(options, BUILD_KIND, job.key);
  return { ...found, origin: originOf(job), build: { ...build, ...gitOf(job) } };
}

function gitOf({ source }: Job): Pick<BuildFacts, 'git'> {
  return source.git === undefined ? {} : { git: source.git };
}

/** Also puts the .config beside the log. */
export async function gatherFacts(
  job: Job,
  applied: Applied,
  make: Make,
  { configText, unknown, count }: Compiled,
  more: Pick<BuildFacts, 'seconds' | 'configPath'>,
): Promise<BuildFacts> {
  await writeFile(more.configPath, configText);
  const notes = await tryTool('readelf', ['--notes', join(make.out, 'vmlinux')], { env: { LC_ALL: 'C' } });
  return {
    key: job.key,
    source: job.source.label,
    sourceDigest: job.source.digest,
    ...gitOf(job),
    patches: job.patches.map(({ name, sha256 }, index) => ({
      name,
      sha256,
      shifts: applied.shifts[index] ?? [],
    })),
    configSha256: createHash('sha256').update(configText).digest('hex'),
    unknownOptions: unknown,
    compiler: job.toolchain.compiler,
    linker: job.toolchain.linker,
    buildId: /Build ID: ([0-9a-f]+)/.exec(notes.stdout)?.[1] ?? null,
    steps: count,
    logPath: make.logPath,
    confinement: await confinementText(),
    ...more,
  };
}

/** Checks the image that make left, and moves it to its place. */
export async function storeBuilt(
  job: Job,
  make: Make,
  facts: BuildFacts,
  options: AcquireOptions,
): Promise<Found> {
  return withTemporary(options.cache, async (scratch) => {
    const path = join(scratch, 'bzImage');
    await copyFile(join(make.out, 'arch', 'x86', 'boot', 'bzImage'), path).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
        throw new BuildError('compile', 'make succeeded and left no arch/x86/boot/bzImage', {
          logPath: facts.logPath,
        });
      },
    );
    const { release } = await readKernelImage(path).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      const what = error.message.replace(path, 'arch/x86/boot/bzImage');
      throw new BuildError('compile', `make succeeded, but ${what}`, {
        logPath: facts.logPath,
        cause: error,
      });
    });
    const object = await storeObject(
      options.cache,
      path,
      `vmlinuz-${release.replace(/[^\w.+~-]/g, '_').slice(0, 80)}`,
    );
    const before = await findEntry(options.cache, BUILD_KIND, job.key);
    if (before?.object !== undefined && before.object.sha256 !== object.sha256) {
      options.onProgress?.(
        `not reproducible: the same inputs gave ${before.object.sha256} before, ${object.sha256} now`,
      );
    }
    await storeEntry(options.cache, {
      kind: BUILD_KIND,
      key: job.key,
      object,
      facts: { release, origin: originOf(job), build: JSON.stringify(facts) },
    });
    const found = await findKernel(BUILD_KIND, job.key, options);
    if (found === undefined)
      throw new HostFault('cache-unusable', 'the image vanished from the cache while it was stored');
    return { ...found, origin: originOf(job), build: facts, cached: false };
  });
}
