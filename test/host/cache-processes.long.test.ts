// A cache that several processes use, of which one dies.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCache, takeObject } from '../../harness/host/cache.ts';
import { inScratch, sha256, startScript } from '../kernel/tools.ts';

test('two processes that store the same and different objects at once all succeed', async () => {
  await inScratch(async (root) => {
    const script = `
      import { writeFile } from 'node:fs/promises';
      import { openCache, storeObject, takeObject, withTemporary } from './harness/host/cache.ts';
      const cache = await openCache(${JSON.stringify(root)});
      for (let i = 0; i < 40; i++) {
        const object = await withTemporary(cache, async (folder) => {
          await writeFile(folder + '/made', 'number ' + i);
          return storeObject(cache, folder + '/made', 'file');
        });
        if ((await takeObject(cache, object)) === undefined) throw new Error('lost ' + i);
      }
    `;
    const both = await Promise.all([startScript(script).ended, startScript(script).ended]);
    expect(both.map((each) => each.errors)).toEqual(['', '']);
    expect(both.map((each) => each.code)).toEqual([0, 0]);
    const cache = await openCache(root);
    const object = { sha256: sha256('number 39'), name: 'file', bytes: 9 };
    expect(await takeObject(cache, object)).toBeDefined();
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
  });
});

test('kill -9 in the middle of a store leaves no object, and its leftovers go at the next start', async () => {
  await inScratch(async (root) => {
    const other = startScript(`
      import { writeFile } from 'node:fs/promises';
      import { openCache, withTemporary } from './harness/host/cache.ts';
      const cache = await openCache(${JSON.stringify(root)});
      await withTemporary(cache, async (folder) => {
        await writeFile(folder + '/made', 'half of it');
        console.log('in the middle');
        await new Promise(() => setInterval(() => {}, 1000));
      });
    `);
    await other.said('in the middle');
    await openCache(root);
    expect(await readdir(join(root, 'tmp')), 'a living process keeps its folder').toHaveLength(1);
    other.kill();
    await other.ended;
    await openCache(root);
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
    expect(await readdir(join(root, 'objects'))).toEqual([]);
  });
});
