/**
 * The cache folder: files by their own digest, and entries that lead from what was asked to such a file.
 *
 *   objects/ab/<sha256>/<readable name>   one file each
 *   entries/<kind>/<key>.json             CacheEntry; key = sha256 over what decides the content
 *   locks/, tmp/<owner>/                  work in progress
 *
 * Everything is made under tmp/ and renamed to its place, so a reader sees a whole file or none, whoever else
 * writes and wherever we are killed. Nothing is synced to disk: what a power cut damages is found by the
 * verified read, thrown away and fetched again.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { HostFault } from '../base/errors.ts';
import { removeLeftovers, temporaryOwner } from './cache-temp.ts';
import { sha256OfFile, sha256OfParts } from './digest.ts';
import { type LockOptions, withLock } from './lock.ts';
import { ensureOwnFolder } from './own-folder.ts';

export interface Cache {
  readonly root: string;
}

interface CacheObject {
  readonly sha256: string;
  readonly name: string;
  readonly bytes: number;
}

/** `facts` are the storer's own: where the object came from, its version and so on. */
export interface CacheEntry {
  readonly kind: string;
  readonly key: string;
  readonly object?: CacheObject;
  readonly facts: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly storedAt: string;
  /** Binds the object and the facts to the request: sha256 over all the rest. Entries of old have none. */
  readonly seal?: string;
}

const KIND = /^[a-z][a-z0-9-]*$/;
const SHA256 = /^[0-9a-f]{64}$/;
const NAME = /^[\w+][\w.+~-]*$/;

/** $TSCMATRIX_CACHE, else $XDG_CACHE_HOME/tscmatrix, else ~/.cache/tscmatrix. */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  if (env.TSCMATRIX_CACHE) return resolve(env.TSCMATRIX_CACHE);
  // A relative XDG_CACHE_HOME is to be ignored, says the XDG base directory specification.
  const xdg = env.XDG_CACHE_HOME;
  if (xdg?.startsWith('/')) return join(xdg, 'tscmatrix');
  return join(homedir(), '.cache', 'tscmatrix');
}

/** Opens the cache, makes its folders and removes what killed processes left behind. */
export async function openCache(root: string = cacheRoot()): Promise<Cache> {
  const cache = { root };
  await onDisk(cache, async () => {
    await ensureOwnFolder(root, 'the cache', MOVE_IT);
    for (const folder of ['objects', 'entries', 'locks', 'tmp']) {
      await mkdir(join(root, folder), { recursive: true });
    }
    await removeLeftovers(join(root, 'tmp'));
  });
  return cache;
}

/** A private folder inside the cache, on the same file system, gone when the work ends. */
export async function withTemporary<T>(cache: Cache, work: (folder: string) => Promise<T>): Promise<T> {
  const owner = await temporaryOwner();
  const folder = join(cache.root, 'tmp', `${owner}-${randomBytes(6).toString('hex')}`);
  await onDisk(cache, () => mkdir(folder, { mode: 0o700, recursive: true }));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs work that only one process at a time may do for a key. */
export function withCacheLock<T>(
  cache: Cache,
  key: string,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  return withLock(join(cache.root, 'locks'), key, options, work);
}

/** Moves a file to its place by digest. `path` is in a folder of withTemporary; `name` is how it is called there. */
export async function storeObject(cache: Cache, path: string, name: string): Promise<CacheObject> {
  if (!NAME.test(name)) throw new Error(`not a name for a cache object: ${JSON.stringify(name)}`);
  return onDisk(cache, async () => {
    const sha256 = await sha256OfFile(path);
    const { size: bytes } = await stat(path);
    const target = objectFolder(cache, sha256);
    await mkdir(join(target, '..'), { recursive: true });
    const made = `${path}.object`;
    await mkdir(made);
    await rename(path, join(made, name));
    try {
      await rename(made, target);
      return { sha256, name, bytes };
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
    // The same bytes are there already, or are believed to be: the first name stays, damage is replaced.
    const there = { sha256, name: (await readdir(target))[0] ?? name, bytes };
    if ((await takeObject(cache, there)) !== undefined) return there;
    await rename(made, target);
    return { sha256, name, bytes };
  });
}

/**
 * The path of an object whose bytes were just checked against its digest. Undefined if it is not there or
 * was damaged; a damaged one is removed and `onDamage` is told, and the caller has to get it again.
 */
export async function takeObject(
  cache: Cache,
  object: CacheObject,
  onDamage?: (text: string) => void,
): Promise<string | undefined> {
  const folder = objectFolder(cache, object.sha256);
  const path = join(folder, object.name);
  return onDisk(cache, async () => {
    const found = await sha256OfFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (found === object.sha256) {
      // The time of last use is what pruning goes by. In a cache that we may only read there is no pruning either.
      const now = new Date();
      await utimes(folder, now, now).catch(() => {});
      return path;
    }
    if (found !== undefined) {
      onDamage?.(`${path} was damaged (its sha256 is ${found}); it is removed and made again`);
      await rm(folder, { recursive: true, force: true });
    }
    return undefined;
  });
}

/**
 * The entry of a key, or undefined. An entry that cannot be read as one is removed; one that is another request's is
 * HostFault 'cache-damaged'.
 */
export async function findEntry(cache: Cache, kind: string, key: string): Promise<CacheEntry | undefined> {
  const path = entryPath(cache, kind, key);
  return onDisk(cache, async () => {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const entry = parseEntry(text, kind, key);
    if (entry === 'foreign') {
      throw new HostFault(
        'cache-damaged',
        `the cache entry ${path} is not that of its request: it was exchanged or edited`,
        `rm ${path}, and look who writes to ${cache.root}`,
      );
    }
    if (entry === undefined) await rm(path, { force: true });
    return entry;
  });
}

/** Writes the entry of a key, in place of an older one. */
export async function storeEntry(
  cache: Cache,
  entry: { kind: string; key: string; object?: CacheObject; facts?: Readonly<Record<string, string>> },
): Promise<CacheEntry> {
  const path = entryPath(cache, entry.kind, entry.key);
  const bare: CacheEntry = { facts: {}, ...entry, storedAt: new Date().toISOString() };
  const whole: CacheEntry = { ...bare, seal: sealOf(bare) };
  return withTemporary(cache, (folder) =>
    onDisk(cache, async () => {
      await writeFile(join(folder, 'entry'), `${JSON.stringify(whole, null, 2)}\n`);
      await mkdir(join(path, '..'), { recursive: true });
      await rename(join(folder, 'entry'), path);
      return whole;
    }),
  );
}

function sealOf({ kind, key, object, facts, storedAt }: CacheEntry): string {
  return sha256OfParts({
    kind,
    key,
    object: object === undefined ? '' : `${object.sha256} ${object.name} ${object.bytes}`,
    facts: JSON.stringify(Object.entries(facts).sort(([a], [b]) => (a < b ? -1 : 1))),
    storedAt,
  });
}

/** Reads an entry's text; undefined if it is no entry, whatever damaged it, and 'foreign' if it is another's. */
export function parseEntry(text: string, kind: string, key: string): CacheEntry | 'foreign' | undefined {
  let value: Partial<CacheEntry> | null;
  try {
    value = JSON.parse(text) as Partial<CacheEntry> | null;
  } catch {
    return undefined;
  }
  if (typeof value?.kind !== 'string' || typeof value.key !== 'string') return undefined;
  if (typeof value.storedAt !== 'string') return undefined;
  if (typeof value.facts !== 'object' || value.facts === null) return undefined;
  const object = value.object;
  if (object !== undefined && !(SHA256.test(object.sha256) && NAME.test(object.name))) return undefined;
  const entry = value as CacheEntry;
  const isSealed = entry.seal === undefined || entry.seal === sealOf(entry);
  return entry.kind === kind && entry.key === key && isSealed ? entry : 'foreign';
}

export function objectFolder(cache: Cache, sha256: string): string {
  if (!SHA256.test(sha256)) throw new Error(`not a sha256: ${sha256}`);
  return join(cache.root, 'objects', sha256.slice(0, 2), sha256);
}

function entryPath(cache: Cache, kind: string, key: string): string {
  if (!KIND.test(kind) || !SHA256.test(key)) throw new Error(`not a cache key: ${kind}/${key}`);
  return join(cache.root, 'entries', kind, `${key}.json`);
}

/** Says in the user's words what keeps the cache from being used. */
async function onDisk<T>(cache: Cache, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new HostFault('no-space', `no space left for the cache ${cache.root}`, MOVE_IT, { cause: error });
    }
    if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(code ?? '')) {
      const why = (error as Error).message;
      throw new HostFault('cache-unusable', `cannot use the cache ${cache.root}: ${why}`, MOVE_IT, {
        cause: error,
      });
    }
    throw error;
  }
}

const MOVE_IT = 'name another folder in TSCMATRIX_CACHE';
