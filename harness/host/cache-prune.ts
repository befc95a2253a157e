/** What the cache holds, and the removal of what was not used for long. */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Cache, type CacheEntry, objectFolder, parseEntry } from './cache.ts';

interface ListedEntry {
  readonly entry: CacheEntry;
  /** Bytes of its object; 0 if it has none, or lost it. Entries can share an object. */
  readonly bytes: number;
  /** Since its object was last taken for use, or since it was stored if it has none. */
  readonly unusedMs: number;
}

interface Pruned {
  readonly entries: number;
  readonly objects: number;
  readonly bytes: number;
}

/** An object without an entry may be one whose entry is about to be written. */
const ORPHAN_AGE_MS = 3600 * 1000;

/** All entries, the longest unused first. */
export async function listEntries(cache: Cache, nowMs: number = Date.now()): Promise<ListedEntry[]> {
  const listed: ListedEntry[] = [];
  for (const kind of await readdir(join(cache.root, 'entries'))) {
    for (const file of await readdir(join(cache.root, 'entries', kind))) {
      const text = await readFile(join(cache.root, 'entries', kind, file), 'utf8').catch(() => '');
      const entry = parseEntry(text, kind, basename(file, '.json'));
      if (entry === undefined || entry === 'foreign') continue;
      const object = entry.object && (await statObject(cache, entry.object.sha256));
      const usedMs = Math.max(object?.usedMs ?? 0, Date.parse(entry.storedAt));
      listed.push({ entry, bytes: object?.bytes ?? 0, unusedMs: nowMs - usedMs });
    }
  }
  return listed.sort((a, b) => b.unusedMs - a.unusedMs);
}

/** Removes entries that were not used for `unusedMs`, and objects that no entry leads to any more. */
export async function pruneCache(
  cache: Cache,
  unusedMs: number,
  nowMs: number = Date.now(),
  which: (entry: CacheEntry) => boolean = () => true,
): Promise<Pruned> {
  const listed = await listEntries(cache, nowMs);
  const gone = listed.filter((each) => each.unusedMs >= unusedMs && which(each.entry));
  for (const { entry } of gone) {
    await rm(join(cache.root, 'entries', entry.kind, `${entry.key}.json`), { force: true });
  }
  const kept = new Set(
    listed.filter((each) => !gone.includes(each)).map((each) => each.entry.object?.sha256),
  );
  const left = new Set(gone.map((each) => each.entry.object?.sha256));
  let objects = 0;
  let bytes = 0;
  for (const prefix of await readdir(join(cache.root, 'objects'))) {
    for (const sha256 of await readdir(join(cache.root, 'objects', prefix))) {
      if (kept.has(sha256)) continue;
      const found = await statObject(cache, sha256);
      if (found === undefined || (!left.has(sha256) && nowMs - found.usedMs < ORPHAN_AGE_MS)) continue;
      await rm(objectFolder(cache, sha256), { recursive: true, force: true });
      objects += 1;
      bytes += found.bytes;
    }
  }
  return { entries: gone.length, objects, bytes };
}

async function statObject(
  cache: Cache,
  sha256: string,
): Promise<{ bytes: number; usedMs: number } | undefined> {
  try {
    const folder = objectFolder(cache, sha256);
    let bytes = 0;
    for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).size;
    return { bytes, usedMs: (await stat(folder)).mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
