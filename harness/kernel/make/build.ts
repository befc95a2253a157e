/** A kernel from its recipe: from the cache if the same was built before, else built. */
import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { HostFault } from '../../base/errors.ts';
import { withTemporary } from '../../host/cache.ts';
import { tellIfUnconfined } from '../../host/confine/confine.ts';
import type { BuildSource } from '../../matrix/types.ts';
import { applyPatches } from '../patch/apply.ts';
import { type Found, oneAtATime } from '../store.ts';
import { ensureTree } from '../tree/trees.ts';
import { noSpace } from '../tree/untar.ts';
import type { AcquireOptions } from '../types.ts';
import { findBuilt, gatherFacts, storeBuilt } from './built.ts';
import { compile } from './compile.ts';
import { type Job, prepareJob } from './job.ts';
import type { Make } from './make.ts';
import { logFolder, workFolder } from './paths.ts';
import { isKnownToolchain } from './toolchain.ts';
import { enterVariant, openWork, withExtraFiles, workAt } from './work.ts';

/** Throws BuildError if patches, configuration or compiler fail, UserError and HostFault as everywhere. */
export async function acquireBuild(recipe: BuildSource, options: AcquireOptions): Promise<Found> {
  if (options.buildNothing === true && !isKnownToolchain(recipe.toolchain)) throw notBuilt();
  const job = await prepareJob(recipe, options);
  const warm = options.force ? undefined : await findBuilt(job, options);
  if (warm !== undefined) return warm;
  if (options.buildNothing === true) throw notBuilt();
  return oneAtATime(`build ${job.workKey}`, `a kernel of ${job.source.label}`, options, async () => {
    const meanwhile = options.force ? undefined : await findBuilt(job, options);
    return meanwhile ?? buildInWork(job, options);
  });
}

function notBuilt(): HostFault {
  return new HostFault(
    'not-built',
    'it is not built yet',
    'tscmatrix build MATRIX, which runs its code, builds it',
  );
}

async function buildInWork(job: Job, options: AcquireOptions): Promise<Found> {
  const { cache } = options;
  const startedMs = performance.now();
  await tellIfUnconfined('builds are');
  const work = workAt(workFolder(cache, job.workKey));
  const logs = logFolder(cache, job.key);
  try {
    const tree = await ensureTree(job.source, options);
    const applied = await withTemporary(cache, (scratch) => {
      options.onProgress?.(`applying ${job.patches.length} patches`);
      return applyPatches(tree, job.patches, { fuzz: job.recipe.fuzz, scratch });
    });
    const overlay = await withExtraFiles(applied.overlay, tree, job.inputs);
    await mkdir(logs, { recursive: true });
    const logPath = join(logs, 'build.log');
    await rm(logPath, { force: true });
    const opened = await openWork(work, tree, job.source.label);
    const isFresh = opened.endedMs === 0;
    const state = await enterVariant(work, tree, opened, overlay);
    const make: Make = {
      ...work,
      logPath,
      toolchain: job.toolchain,
      jobs: options.jobs ?? availableParallelism(),
    };
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
