/** A kernel from its recipe: from the cache if the same was built before, else built. */
import { HostFault } from '../../base/errors.ts';
import { withTemporary } from '../../host/cache.ts';
import type { BuildSource } from '../../matrix/types.ts';
import { applyPatches } from '../patch/apply.ts';
import type { Found } from '../store.ts';
import { ensureTree } from '../tree/trees.ts';
import type { AcquireOptions } from '../types.ts';
import { buildOnce, findBuilt } from './built.ts';
import { prepareJob } from './job.ts';
import { workFolder } from './paths.ts';
import { isKnownToolchain } from './toolchain.ts';
import { enterVariant, openWork, withExtraFiles } from './work.ts';

/** Throws BuildError if patches, configuration or compiler fail, UserError and HostFault as everywhere. */
export async function acquireBuild(recipe: BuildSource, options: AcquireOptions): Promise<Found> {
  const { cache, buildNothing = false } = options;
  if (buildNothing && !isKnownToolchain(recipe.toolchain)) throw notBuilt();
  const job = await prepareJob(recipe, options);
  if (buildNothing) {
    const warm = options.force ? undefined : await findBuilt(job, options);
    if (warm === undefined) throw notBuilt();
    return warm;
  }
  return buildOnce(job, workFolder(cache, job.workKey), options, async (work) => {
    const tree = await ensureTree(job.source, options);
    const applied = await withTemporary(cache, (scratch) => {
      options.onProgress?.(`applying ${job.patches.length} patches`);
      return applyPatches(tree, job.patches, {
        fuzz: job.recipe.fuzz,
        scratch,
        fixups: job.inputs.era.patches,
      });
    });
    const overlay = await withExtraFiles(applied.overlay, tree, job.inputs);
    const opened = await openWork(work, tree, job.source.label);
    const state = await enterVariant(work, tree, opened, overlay);
    return { applied, overlay, state, isFresh: opened.endedMs === 0 };
  });
}

function notBuilt(): HostFault {
  return new HostFault(
    'not-built',
    'it is not built yet',
    'tscmatrix build MATRIX, which runs its code, builds it',
  );
}
