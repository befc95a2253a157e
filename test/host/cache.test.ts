import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type Cache,
  cacheRoot,
  findEntry,
  openCache,
  storeEntry,
  storeObject,
  takeObject,
  withTemporary,
} from '../../harness/host/cache.ts';
import { listEntries, pruneCache } from '../../harness/host/cache-prune.ts';
import { sha256OfParts } from '../../harness/host/digest.ts';
import { inScratch, sha256 } from '../kernel/tools.ts';

const KEY = sha256OfParts({ what: 'a test' });
const DAY_MS = 24 * 3600 * 1000;

async function store(cache: Cache, text: string, name = 'file') {
  return withTemporary(cache, async (folder) => {
    await writeFile(join(folder, 'made'), text);
    return storeObject(cache, join(folder, 'made'), name);
  });
}

test('the folder is the one of the environment, else that of the XDG specification', () => {
  expect(cacheRoot({ TSCMATRIX_CACHE: '/c', XDG_CACHE_HOME: '/x' })).toBe('/c');
  expect(cacheRoot({ XDG_CACHE_HOME: '/x' })).toBe('/x/tscmatrix');
  expect(cacheRoot({ XDG_CACHE_HOME: 'relative' })).toBe(join(homedir(), '.cache/tscmatrix'));
  expect(cacheRoot({})).toBe(join(homedir(), '.cache/tscmatrix'));
});

test('keys do not depend on the order of parts and do not run together', () => {
  expect(sha256OfParts({ a: '1', b: '2' })).toBe(sha256OfParts({ b: '2', a: '1' }));
  expect(sha256OfParts({ a: '1b2' })).not.toBe(sha256OfParts({ a: '1', b: '2' }));
});

test('an object is found by its digest under its readable name, an entry by its key', async () => {
  await inScratch(async (root) => {
    const cache = await openCache(root);
    const object = await store(cache, 'hello', 'vmlinuz-6.1.0-56-cloud-amd64');
    expect(object).toEqual({ sha256: sha256('hello'), name: 'vmlinuz-6.1.0-56-cloud-amd64', bytes: 5 });
    await storeEntry(cache, { kind: 'test', key: KEY, object, facts: { release: '6.1' } });
    const entry = await findEntry(cache, 'test', KEY);
    expect(entry).toMatchObject({ object, facts: { release: '6.1' } });
    const path = await takeObject(cache, object);
    expect(path).toMatch(/\/vmlinuz-6\.1\.0-56-cloud-amd64$/);
    expect(await readFile(path ?? '', 'utf8')).toBe('hello');
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
  });
});

test('the same bytes are kept once, under the first name', async () => {
  await inScratch(async (root) => {
    const cache = await openCache(root);
    await store(cache, 'same', 'one');
    expect((await store(cache, 'same', 'two')).name).toBe('one');
  });
});

test('a damaged object is removed with a word and not used', async () => {
  await inScratch(async (root) => {
    const cache = await openCache(root);
    const object = await store(cache, 'good');
    const path = (await takeObject(cache, object)) ?? '';
    await writeFile(path, 'goof');
    const said: string[] = [];
    expect(await takeObject(cache, object, (text) => said.push(text))).toBeUndefined();
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(path);
    expect(await takeObject(cache, object, (text) => said.push(text))).toBeUndefined();
    expect(said).toHaveLength(1);
  });
});

test('storing the bytes of a damaged object replaces it', async () => {
  await inScratch(async (root) => {
    const cache = await openCache(root);
    const object = await store(cache, 'good');
    await writeFile((await takeObject(cache, object)) ?? '', 'goof');
    expect(await takeObject(cache, await store(cache, 'good'))).toBeDefined();
  });
});

test.each(['', '{"kind":', '[]', 'null', '{"kind":"test","key":"other"}'])(
  'an entry that reads %j is no entry, and is gone',
  async (text) => {
    await inScratch(async (root) => {
      const cache = await openCache(root);
      await storeEntry(cache, { kind: 'test', key: KEY });
      await writeFile(join(root, 'entries/test', `${KEY}.json`), text);
      expect(await findEntry(cache, 'test', KEY)).toBeUndefined();
      expect(await readdir(join(root, 'entries/test'))).toEqual([]);
    });
  },
);

test('an entry cannot lead outside the cache', async () => {
  await inScratch(async (root) => {
    const cache = await openCache(root);
    const entry = await storeEntry(cache, { kind: 'test', key: KEY, object: await store(cache, 'x') });
    const evil = { ...entry, object: { ...entry.object, name: '../../../etc/passwd' } };
    await writeFile(join(root, 'entries/test', `${KEY}.json`), JSON.stringify(evil));
    expect(await findEntry(cache, 'test', KEY)).toBeUndefined();
  });
});

test('an entry belongs to its request: exchanged with another, or led to another object, it is refused', async () => {
  await inScratch(async (root) => {
    const cache = await openCache(root);
    const other = KEY.replace(/^../, 'ff');
    const one = await storeEntry(cache, { kind: 'test', key: KEY, object: await store(cache, 'one') });
    const two = await storeEntry(cache, { kind: 'test', key: other, object: await store(cache, 'two') });
    const place = (key: string) => join(root, 'entries/test', `${key}.json`);
    const write = (key: string, entry: unknown) => writeFile(place(key), JSON.stringify(entry));
    await write(KEY, two);
    const refused = { code: 'cache-damaged', hint: expect.stringContaining(`rm ${place(KEY)}`) };
    await expect(findEntry(cache, 'test', KEY)).rejects.toMatchObject(refused);
    await write(KEY, { ...one, object: two.object });
    await expect(findEntry(cache, 'test', KEY)).rejects.toMatchObject(refused);
    await write(KEY, { ...one, facts: { release: '1' } });
    await expect(findEntry(cache, 'test', KEY)).rejects.toMatchObject(refused);
    await write(KEY, one);
    expect(await findEntry(cache, 'test', KEY)).toEqual(one);
    // Entries of earlier versions have no seal.
    const { seal: _, ...old } = one;
    await write(KEY, old);
    expect(await findEntry(cache, 'test', KEY)).toEqual(old);
  });
});

test('leftovers of another container are kept while they may be in use', async () => {
  await inScratch(async (root) => {
    await openCache(root);
    await mkdir(join(root, 'tmp/1-1-1-new'));
    await mkdir(join(root, 'tmp/1-1-1-old'));
    const longAgo = new Date(Date.now() - 2 * DAY_MS);
    await utimes(join(root, 'tmp/1-1-1-old'), longAgo, longAgo);
    await openCache(root);
    expect(await readdir(join(root, 'tmp'))).toEqual(['1-1-1-new']);
  });
});

test('pruning removes what was not used for long, and no object that a kept entry needs', async () => {
  await inScratch(async (root) => {
    const cache = await openCache(root);
    const shared = await store(cache, 'shared');
    const alone = await store(cache, 'alone!');
    await storeEntry(cache, { kind: 'old', key: sha256('1'), object: alone });
    await storeEntry(cache, { kind: 'old', key: sha256('2'), object: shared });
    const later = Date.now() + 10 * DAY_MS;
    expect((await listEntries(cache, later)).map((each) => each.bytes)).toEqual([6, 6]);
    expect(await pruneCache(cache, 11 * DAY_MS, later)).toEqual({ entries: 0, objects: 0, bytes: 0 });

    const folder = join(root, 'objects', shared.sha256.slice(0, 2), shared.sha256);
    await utimes(folder, new Date(later), new Date(later)); // as takeObject does when it is used
    expect(await pruneCache(cache, 9 * DAY_MS, later)).toEqual({ entries: 1, objects: 1, bytes: 6 });
    expect(await takeObject(cache, alone)).toBeUndefined();
    expect(await takeObject(cache, shared)).toBeDefined();
  });
});

test('pruning leaves alone an object that was stored just now and has no entry yet', async () => {
  await inScratch(async (root) => {
    const cache = await openCache(root);
    const object = await store(cache, 'new');
    await pruneCache(cache, 0);
    expect(await takeObject(cache, object)).toBeDefined();
  });
});

test('a cache that cannot be made is a fault of the host with a hint', async () => {
  await inScratch(async (root) => {
    await writeFile(join(root, 'file'), '');
    await expect(openCache(join(root, 'file/cache'))).rejects.toMatchObject({
      name: 'HostFault',
      code: 'cache-unusable',
      hint: expect.stringContaining('TSCMATRIX_CACHE'),
    });
  });
});
