import { existsSync, readdirSync } from 'node:fs';
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openCache } from '../../harness/host/cache.ts';
import { stoppedBy } from '../../harness/host/interruption.ts';
import { processesWith } from '../cli/tscmatrix.ts';
import { inScratch, startScript } from '../kernel/tools.ts';
import { buildFake, LIMIT_PATCH, TWO_PATCH, writeProgram, writeTree } from './fake-tree.ts';

/**
 * A compiler that, where it compiles while the file "gate" is beside it, leaves half an object behind and waits: what a compiler that
 * is killed looks like to make. All that a confined build lets it write is beside its object.
 */
const SLOW_CC = `#!/bin/sh
here=\${0%/bin/*}
case " $* " in *" -c "*) compiles=yes ;; esac
if [ -n "$compiles" ] && [ -e $here/gate ]; then
	for word; do [ "$previous" = -o ] && object=$word; previous=$word; done
	echo half > "$object"
	: > "\${object%/*}/reached"
	while [ -e $here/gate ]; do sleep 0.02; done
fi
exec gcc "$@"
`;
const compilerOf = (folder: string) => join(folder, 'slow', 'bin', 'slow-cc');
const toolchainOf = (folder: string) => ({ cc: compilerOf(folder) });
const gateOf = (folder: string) => join(folder, 'slow', 'gate');

/** Whether the compiler of a build in this folder waits. */
function isReached(folder: string): boolean {
  const work = join(folder, 'cache', 'build', 'work');
  const keys = existsSync(work) ? readdirSync(work) : [];
  return keys.some((key) => existsSync(join(work, key, 'out', 'reached')));
}

async function inTree<T>(work: (folder: string) => Promise<T>): Promise<T> {
  return inScratch(async (folder) => {
    await writeTree(join(folder, 'tree'));
    await writeFile(join(folder, 'two.patch'), TWO_PATCH);
    await writeFile(join(folder, 'limit.patch'), LIMIT_PATCH);
    await writeProgram(compilerOf(folder), SLOW_CC);
    return work(folder);
  });
}

/** Builds in another process; says "built SHA256" at its end. */
function startBuild(folder: string, keys: object) {
  return startScript(`
    import { buildFake } from './test/kernel-build/fake-tree.ts';
    const image = await buildFake(${JSON.stringify(folder)}, ${JSON.stringify(keys)});
    console.log('built ' + image.sha256);
  `);
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await sleep(20);
}

/** Whether no process of this compiler lives; a zombie that nobody has waited for yet has no command line. */
const isGone = async (folder: string): Promise<boolean> =>
  (await processesWith(compilerOf(folder))).length === 0;

/** In a cache of its own. */
const truth = async (folder: string, keys: Readonly<Record<string, unknown>>): Promise<string> =>
  (await buildFake(folder, keys, { cache: await openCache(join(folder, 'truth')) })).sha256;

test.each([
  ['the first build', []],
  ['a further variant', ['limit.patch']],
])('after kill -9 in the middle of %s the next one comes out right', (_what, before) =>
  inTree(async (folder) => {
    if (before.length > 0) await buildFake(folder, { toolchain: toolchainOf(folder), patches: before });
    const keys = { toolchain: toolchainOf(folder), patches: ['two.patch'] };
    await writeFile(gateOf(folder), '');
    const building = startBuild(folder, keys);
    await until(() => isReached(folder));
    building.kill();
    await building.ended;
    // Nothing of the build lives on, the compiler least of all.
    await until(() => isGone(folder));
    await rm(gateOf(folder));

    const image = await buildFake(folder, keys);
    expect(image.cached).toBe(false);
    expect(image.sha256).toBe(await truth(folder, keys));
    const others = { toolchain: toolchainOf(folder), patches: ['limit.patch'] };
    expect((await buildFake(folder, others, { force: true })).sha256).toBe(await truth(folder, others));
    expect(await readdir(join(folder, 'cache', 'tmp'))).toEqual([]);
  }),
);

test('an interrupted build ends its compilers, and the next one comes out right', () =>
  inTree(async (folder) => {
    const keys = { toolchain: toolchainOf(folder) };
    await writeFile(gateOf(folder), '');
    const stop = new AbortController();
    const building = stoppedBy(stop.signal, () => buildFake(folder, keys));
    const failed = expect(building).rejects.toMatchObject({ name: 'Interrupted' });
    await until(() => isReached(folder));
    stop.abort();
    await failed;
    await until(() => isGone(folder));
    await rm(gateOf(folder));
    expect((await buildFake(folder, keys)).sha256).toBe(await truth(folder, keys));
  }));

test('builds of two processes wait for each other and are both right', () =>
  inTree(async (folder) => {
    const variants = [
      { patches: ['two.patch'] },
      { patches: ['limit.patch'] },
      {},
      { patches: ['two.patch'] },
    ];
    const ended = await Promise.all(variants.map((keys) => startBuild(folder, keys).ended));
    for (const [index, keys] of variants.entries())
      expect(ended[index]).toMatchObject({ code: 0, output: `built ${await truth(folder, keys)}\n` });
  }));

test('a process that waits for another one says so', () =>
  inTree(async (folder) => {
    await writeFile(gateOf(folder), '');
    const first = startBuild(folder, { toolchain: toolchainOf(folder) });
    await until(() => isReached(folder));
    const said: string[] = [];
    const onProgress = (text: string): void => {
      said.push(text);
      if (text.includes('waiting for another process')) void rm(gateOf(folder), { force: true });
    };
    const second = await buildFake(folder, { toolchain: toolchainOf(folder) }, { onProgress });
    expect((await first.ended).output).toBe(`built ${second.sha256}\n`);
    expect(second.cached).toBe(true);
    expect(said.some((text) => text.includes('waiting for another process'))).toBe(true);
  }));

test('after a power cut what was built last is not trusted, although it has the dates of whole files', () =>
  inTree(async (folder) => {
    await buildFake(folder);
    const works = join(folder, 'cache', 'build', 'work');
    const work = join(works, (await readdir(works))[0] ?? '');
    // Never got to the disk, as its name and date did.
    const one = join(work, 'out', 'one.o');
    const { atime, mtime } = await stat(one);
    await writeFile(one, '');
    await utimes(one, atime, mtime);
    const state = join(work, 'state.json');
    const { bootId, ...rest } = JSON.parse(await readFile(state, 'utf8'));
    expect(bootId).toMatch(/^[0-9a-f-]{36}$/);
    await writeFile(state, JSON.stringify({ ...rest, bootId: 'of another start of the machine' }));
    // Only two.c differs: the object that is empty would be linked as it is.
    const keys = { patches: ['two.patch'] };
    expect((await buildFake(folder, keys)).sha256).toBe(await truth(folder, keys));
  }));

test('a source that was unpacked by half is unpacked anew', () =>
  inTree(async (folder) => {
    const image = await buildFake(folder);
    // A state that cannot be read stands for a folder whose making was cut short.
    const work = join(folder, 'cache', 'build', 'work');
    for (const name of await readdir(work)) await writeFile(join(work, name, 'state.json'), '{"version"');
    const trees = join(folder, 'cache', 'build', 'trees');
    for (const name of await readdir(trees)) await rm(join(trees, name, 'tree.json'));
    expect((await buildFake(folder, {}, { force: true })).sha256).toBe(image.sha256);
  }));
