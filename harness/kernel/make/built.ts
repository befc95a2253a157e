/** Builds an image of a job once, and keeps it in the cache with its facts. */
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { HostFault, UserError } from '../../base/errors.ts';
import { findEntry, storeEntry, storeObject, withTemporary } from '../../host/cache.ts';
import { confinementText, tellIfUnconfined } from '../../host/confine/confine.ts';
import { readInside } from '../../host/inside.ts';
import { tryTool } from '../../host/process.ts';
import { readKernelImage } from '../bzimage.ts';
import { eraLines } from '../era/era.ts';
import type { Applied, Overlay } from '../patch/apply.ts';
import { exchanged, type Found, fact, findKernel, oneAtATime } from '../store.ts';
import { noSpace } from '../tree/untar.ts';
import type { AcquireOptions, BuildFacts } from '../types.ts';
import { keepVmlinux } from '../vmlinux.ts';
import { type Compiled, compile } from './compile.ts';
import { BuildError } from './errors.ts';
import { type Job, originOf } from './job.ts';
import type { Make } from './make.ts';
import { logFolder } from './paths.ts';
import { type Work, type WorkState, workAt } from './work.ts';

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

/** A work folder that is the variant to be compiled. */
interface Entered {
  readonly applied: Applied;
  readonly overlay: Overlay;
  readonly state: WorkState;
  /** Nothing was compiled in it before. */
  readonly isFresh: boolean;
}

/** Whoever builds in a folder, or reads what was built there, holds this lock. */
export const buildLockKey = (folder: string): string => `build ${basename(folder)}`;

/** The image of a job: the cache's, else built in `folder`, where `enter` makes the tree the job's. One at a time there. */
export async function buildOnce(
  job: Job,
  folder: string,
  options: AcquireOptions,
  enter: (work: Work) => Promise<Entered>,
): Promise<Found> {
  const find = async () => (options.force ? undefined : findBuilt(job, options));
  const label = `a kernel of ${job.source.label}`;
  return (
    (await find()) ??
    oneAtATime(
      buildLockKey(folder),
      label,
      options,
      async () => (await find()) ?? buildIn(workAt(folder), job, options, enter),
    )
  );
}

async function buildIn(
  work: Work,
  job: Job,
  options: AcquireOptions,
  enter: (work: Work) => Promise<Entered>,
): Promise<Found> {
  const startedMs = performance.now();
  await tellIfUnconfined('builds are');
  const logs = logFolder(options.cache, job.key);
  const logPath = join(logs, 'build.log');
  try {
    const { applied, overlay, state, isFresh } = await enter(work);
    await mkdir(logs, { recursive: true });
    await rm(logPath, { force: true });
    const jobs = options.jobs ?? availableParallelism();
    const make: Make = { ...work, logPath, toolchain: job.toolchain, jobs };
    const compiled = await compile(job, work, make, state, overlay, isFresh, options);
    const facts = await gatherFacts(job, applied, make, compiled, {
      seconds: Math.round((performance.now() - startedMs) / 100) / 10,
      configPath: join(logs, 'config'),
    });
    return await storeBuilt(job, make, facts, options);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw noSpace('to build');
    throw error;
  }
}

function gitOf({ source }: Job): Pick<BuildFacts, 'git'> {
  return source.git === undefined ? {} : { git: source.git };
}

/** Also puts the .config beside the log. */
async function gatherFacts(
  job: Job,
  applied: Applied,
  make: Make,
  { configText, unknown, unmet, count }: Compiled,
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
    ...(unmet.length > 0 ? { unmetOptions: unmet } : {}),
    ...(job.inputs.era.rules.length > 0 ? { era: eraLines(job.inputs.era) } : {}),
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
async function storeBuilt(job: Job, make: Make, facts: BuildFacts, options: AcquireOptions): Promise<Found> {
  return withTemporary(options.cache, async (scratch) => {
    const path = join(scratch, 'bzImage');
    // A link in its place would be to a file of the user's.
    const image = await readInside(make.out, 'arch/x86/boot/bzImage').catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT' && !(error instanceof UserError)) throw error;
        const why = error instanceof UserError ? `: ${error.message}` : '';
        throw new BuildError('compile', `make succeeded and left no arch/x86/boot/bzImage${why}`, {
          logPath: facts.logPath,
        });
      },
    );
    await writeFile(path, image);
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
    await keepVmlinux(object.sha256, make.out, release, options);
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
