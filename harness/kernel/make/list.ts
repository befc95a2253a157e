/** What kernels, the emulator and their building take in the cache, and the removal of what was not used for long. */
import { readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { block, lines } from '../../base/safe-text.ts';
import { plainTable } from '../../base/table.ts';
import { type Cache, withTemporary } from '../../host/cache.ts';
import { listEntries, pruneCache } from '../../host/cache-prune.ts';
import { oneAtATime } from '../store.ts';
import { diskBytes, readTreeNote } from '../tree/trees.ts';
import type { AcquireOptions } from '../types.ts';
import { BUILD_KIND } from './built.ts';
import { readState } from './work.ts';

type CachedKind = 'image' | 'tree' | 'build folder' | 'emulator' | 'repository' | 'log';

interface CachedItem {
  readonly kind: CachedKind;
  /** For people: the release and origin of an image, the source of a tree. */
  readonly what: string;
  readonly bytes: number;
  readonly unusedMs: number;
  readonly path: string;
}

/** Entries that lead to kernels, and notes that are cheap to make again; what a name was resolved to is kept. */
const PRUNED_KINDS = [
  BUILD_KIND,
  'kernel-package',
  'kernel-image',
  'file-digest',
  'directory-digest',
  'build-steps',
  'tree-facts',
];
const IMAGE_KINDS = [BUILD_KIND, 'kernel-package', 'kernel-image'];

/** Folders of the cache's build/, the lock under which one may be removed, and the file whose date is its last use. */
const FOLDERS = [
  { folder: 'trees', kind: 'tree', lock: 'tree', dated: 'tree.json' },
  { folder: 'work', kind: 'build folder', lock: 'build', dated: 'state.json' },
  { folder: 'emulators', kind: 'emulator', lock: 'build', dated: 'emulator.json' },
  { folder: 'git', kind: 'repository', lock: 'git', dated: '.' },
  { folder: 'logs', kind: 'log', lock: 'log', dated: 'build.log' },
] as const;

/** All of it, the longest unused first. */
export async function listCached(cache: Cache, nowMs: number = Date.now()): Promise<CachedItem[]> {
  const kept: CachedItem[] = [];
  for (const { entry, bytes, unusedMs } of await listEntries(cache, nowMs)) {
    if (!IMAGE_KINDS.includes(entry.kind)) continue;
    const { release = 'unknown', origin } = entry.facts;
    const path =
      entry.object === undefined ? '' : join('objects', entry.object.sha256.slice(0, 2), entry.object.sha256);
    const what = origin === undefined ? release : `${release}, ${origin}`;
    kept.push({ kind: 'image', what, bytes, unusedMs, path: join(cache.root, path) });
  }
  for (const { folder, kind, dated } of FOLDERS) {
    for (const name of await namesIn(join(cache.root, 'build', folder))) {
      const path = join(cache.root, 'build', folder, name);
      kept.push({
        kind,
        path,
        unusedMs: nowMs - (await lastUseMs(path, dated)),
        ...(await describe(kind, path)),
      });
    }
  }
  return kept.sort((a, b) => b.unusedMs - a.unusedMs);
}

async function describe(kind: CachedKind, path: string): Promise<{ what: string; bytes: number }> {
  switch (kind) {
    case 'tree': {
      const note = await readTreeNote(path);
      return { what: note?.label ?? 'incomplete', bytes: note?.bytes ?? 0 };
    }
    case 'build folder':
      return {
        what: (await readState(path))?.label ?? 'incomplete',
        bytes: await diskBytes(await ownFiles(path)).catch(() => 0),
      };
    case 'emulator':
      return { what: await emulatorLabel(path), bytes: await diskBytes(path) };
    default:
      return { what: '', bytes: await diskBytes(path) };
  }
}

/** As the note beside it says. */
async function emulatorLabel(path: string): Promise<string> {
  const text = await readFile(join(path, 'emulator.json'), 'utf8').catch(() => '{}');
  return (JSON.parse(text) as { label?: string }).label ?? 'incomplete';
}

/** If its tree is links to a source's files, these are not its own; a tree that git moves from commit to commit is. */
async function ownFiles(path: string): Promise<string> {
  const moving = await stat(join(path, 'git')).catch(() => undefined);
  return moving === undefined ? join(path, 'out') : path;
}

async function lastUseMs(path: string, dated: string): Promise<number> {
  const found = (await stat(join(path, dated)).catch(() => undefined)) ?? (await stat(path));
  return found.mtimeMs;
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

/** Removes what was not used for `unusedMs`. A build that is going on is waited for, and its folder stays. */
export async function pruneCached(
  unusedMs: number,
  options: AcquireOptions,
  nowMs: number = Date.now(),
): Promise<CachedItem[]> {
  const { cache } = options;
  const gone: CachedItem[] = (await listCached(cache, nowMs)).filter(
    (one) => one.kind === 'image' && one.unusedMs >= unusedMs,
  );
  await pruneCache(cache, unusedMs, nowMs, ({ kind }) => PRUNED_KINDS.includes(kind));
  for (const { folder, kind, lock, dated } of FOLDERS) {
    for (const name of await namesIn(join(cache.root, 'build', folder))) {
      const path = join(cache.root, 'build', folder, name);
      if (nowMs - (await lastUseMs(path, dated)) < unusedMs) continue;
      await oneAtATime(`${lock} ${name}`, `the removal of ${path}`, options, async () => {
        const idleMs = nowMs - (await lastUseMs(path, dated).catch(() => nowMs));
        if (idleMs < unusedMs) return;
        const { what, bytes } = await describe(kind, path);
        // Out of the way in one step; the temporary folder goes, at the latest with the next use of the cache.
        await withTemporary(cache, (scratch) => rename(path, join(scratch, 'gone')));
        gone.push({ kind, what, bytes, unusedMs: idleMs, path });
      });
    }
  }
  return gone;
}

/** What kernels take in the cache, for people. */
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
