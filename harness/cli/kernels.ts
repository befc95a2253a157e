/** `tscmatrix kernels`: what kernels take in the cache, and its pruning. */

import { EXIT } from '../base/errors.ts';
import { block, json, lines, oneLine } from '../base/safe-text.ts';
import { plainTable } from '../base/table.ts';
import { openCache } from '../host/cache.ts';
import { type CachedItem, listCached, pruneCached } from '../kernel/make/list.ts';

export interface KernelsFlags {
  readonly prune?: boolean;
  /** In seconds. */
  readonly olderThan: number;
  readonly json?: boolean;
}

const UNITS = [
  [24 * 3600, 'd'],
  [3600, 'h'],
  [60, 'min'],
] as const;

function ageText(ms: number): string {
  const s = Math.max(0, ms / 1000);
  const [size, name] = UNITS.find(([length]) => s >= length) ?? [1, 's'];
  return `${Math.floor(s / size)} ${name}`;
}

function sizeText(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Logs and repositories are many and small: a line for all of them. */
function tableOf(kept: readonly CachedItem[]): string {
  const rows = kept
    .filter(({ kind }) => kind !== 'log')
    .map(({ kind, what, bytes, unusedMs }) => [kind, sizeText(bytes), ageText(unusedMs), what]);
  const logs = kept.filter(({ kind }) => kind === 'log');
  if (logs.length > 0) {
    const bytes = logs.reduce((sum, one) => sum + one.bytes, 0);
    const newest = Math.min(...logs.map(({ unusedMs }) => unusedMs));
    rows.push(['logs', sizeText(bytes), ageText(newest), `of ${logs.length} builds`]);
  }
  return lines(plainTable(['kind', 'size', 'unused', 'what'], rows));
}

export async function kernelsCommand(flags: KernelsFlags, signal: AbortSignal): Promise<number> {
  const cache = await openCache();
  const onProgress = (text: string): void => void process.stderr.write(`tscmatrix: ${oneLine(text)}\n`);
  const kept =
    flags.prune === true
      ? await pruneCached(flags.olderThan * 1000, { cache, signal, onProgress })
      : await listCached(cache);
  if (flags.json === true) {
    process.stdout.write(`${json({ cache: cache.root, [flags.prune ? 'removed' : 'kept']: kept })}\n`);
    return EXIT.ok;
  }
  const bytes = kept.reduce((sum, one) => sum + one.bytes, 0);
  const said = flags.prune === true ? 'removed from' : 'in';
  if (kept.length > 0) process.stdout.write(block(tableOf(kept)));
  process.stdout.write(`${sizeText(bytes)} ${said} ${cache.root}\n`);
  return EXIT.ok;
}
