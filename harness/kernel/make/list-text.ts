/** What kernels take in the cache, for people. */
import { block, lines } from '../../base/safe-text.ts';
import { plainTable } from '../../base/table.ts';
import type { CachedItem } from './list.ts';

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

/** The items, and their sum with if they are or were. */
export function cachedText(items: readonly CachedItem[], where: string): string {
  const bytes = items.reduce((sum, one) => sum + one.bytes, 0);
  return `${items.length > 0 ? block(tableOf(items)) : ''}${sizeText(bytes)} ${where}\n`;
}
