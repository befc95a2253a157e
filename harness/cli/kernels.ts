/** `tscmatrix kernels`: what kernels take in the cache, and its pruning. */
import { EXIT } from '../base/errors.ts';
import { json } from '../base/safe-text.ts';
import { openCache } from '../host/cache.ts';
import { cachedText, listCached, pruneCached } from '../kernel/make/list.ts';
import { say } from './say.ts';

export interface KernelsFlags {
  readonly prune?: boolean;
  /** In seconds. */
  readonly olderThan: number;
  readonly json?: boolean;
}

export async function kernelsCommand(flags: KernelsFlags): Promise<number> {
  const cache = await openCache();
  const kept =
    flags.prune === true
      ? await pruneCached(flags.olderThan * 1000, { cache, onProgress: say })
      : await listCached(cache);
  if (flags.json === true) {
    process.stdout.write(`${json({ cache: cache.root, [flags.prune ? 'removed' : 'kept']: kept })}\n`);
    return EXIT.ok;
  }
  process.stdout.write(cachedText(kept, `${flags.prune === true ? 'removed from' : 'in'} ${cache.root}`));
  return EXIT.ok;
}
