import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { openCache } from '../../harness/host/cache.ts';
import { stoppedBy } from '../../harness/host/interruption.ts';
import { runTool } from '../../harness/host/process.ts';
import { acquireKernel } from '../../harness/kernel/acquire.ts';
import { runPipeline } from '../../harness/kernel/package/unpack.ts';
import type { AcquireOptions } from '../../harness/kernel/types.ts';
import type { KernelSource } from '../../harness/matrix/types.ts';
import { has, makeDeb, makeDebWithName, makeRpm } from './packages.ts';
import { inScratch, sha256, startScript, tinyKernel } from './tools.ts';

const KERNEL = tinyKernel();
const AT_BOOT = { 'boot/vmlinuz-6.1.0-test': KERNEL, 'boot/config-6.1.0-test': 'CONFIG_X86=y\n' };

/** Work on a fresh cache; `get` acquires a kernel named k and collects what is said meanwhile. */
async function withCache(
  work: (
    folder: string,
    get: (source: KernelSource, more?: Partial<AcquireOptions>) => ReturnType<typeof acquireKernel>,
    said: string[],
  ) => Promise<void>,
): Promise<void> {
  await inScratch(async (folder) => {
    const cache = await openCache(join(folder, 'cache'));
    const said: string[] = [];
    const onProgress = (text: string) => void said.push(text);
    await work(
      folder,
      (source, more) => acquireKernel({ name: 'k', source }, { cache, onProgress, ...more }),
      said,
    );
  });
}

test('an image by path is copied, found again, and stays what it was when the file changes', async () => {
  await withCache(async (folder, get) => {
    const path = join(folder, 'bzImage');
    await writeFile(path, KERNEL);
    const first = await get({ kind: 'image', path, sha256: sha256(KERNEL) });
    expect(first).toMatchObject({ name: 'k', sha256: sha256(KERNEL), release: '6.1.0-test', cached: false });
    expect(first.origin).toBe(`file ${path}`);
    expect(basename(first.path)).toBe('vmlinuz-6.1.0-test');
    expect(await get({ kind: 'image', path })).toEqual({ ...first, cached: true });

    await writeFile(path, tinyKernel({ version: '6.2.0' }));
    expect(await get({ kind: 'image', path })).toMatchObject({ release: '6.2.0', cached: false });
    expect(sha256(await readFile(first.path))).toBe(first.sha256);
  });
});

test('a wrong sha256 names the kernel and both digests', async () => {
  await withCache(async (folder, get) => {
    await writeFile(join(folder, 'bzImage'), KERNEL);
    const deb = await makeDeb(folder, AT_BOOT);
    const expected = sha256('another kernel');
    const image = get({ kind: 'image', path: join(folder, 'bzImage'), sha256: expected });
    await expect(image).rejects.toMatchObject({ name: 'UserError', hint: expect.any(String) });
    await expect(image).rejects.toThrow(new RegExp(`^kernel k: .*${expected}.*${sha256(KERNEL)}`));
    const found = sha256(await readFile(deb));
    const inDeb = get({ kind: 'deb', location: deb, sha256: expected });
    await expect(inDeb).rejects.toThrow(new RegExp(`${expected}.*${found}`));
  });
});

test.each([
  ['boot/vmlinuz-*', 'boot/vmlinuz-6.1.0-test'],
  ['usr/lib/modules/*/vmlinuz', 'usr/lib/modules/6.1.0-test/vmlinuz'],
  ['lib/modules/*/vmlinuz', 'lib/modules/6.1.0-test/vmlinuz'],
])('a .deb with its kernel at %s', async (_place, member) => {
  await withCache(async (folder, get) => {
    const location = await makeDeb(folder, { [member]: KERNEL, 'boot/.vmlinuz-6.1.0-test.hmac': 'x' });
    const found = await get({ kind: 'deb', location });
    expect(found).toMatchObject({ sha256: sha256(KERNEL), release: '6.1.0-test', origin: `deb ${location}` });
    expect(await get({ kind: 'deb', location: pathToFileURL(location).href })).toMatchObject({
      cached: true,
    });
  });
});

test('a damaged image in the cache is made again, with a word', async () => {
  await withCache(async (folder, get, said) => {
    const location = await makeDeb(folder, AT_BOOT);
    const first = await get({ kind: 'deb', location });
    await writeFile(first.path, 'rotten');
    const second = await get({ kind: 'deb', location });
    expect(second).toEqual(first);
    expect(sha256(await readFile(second.path))).toBe(sha256(KERNEL));
    expect(said.filter((text) => text.includes('damaged'))).toHaveLength(1);
  });
});

test('a kernel pinned by its sha256 is never another one, though entries of the cache were exchanged', async () => {
  await inScratch(async (folder) => {
    const options: AcquireOptions = { cache: await openCache(join(folder, 'cache')) };
    const sources: KernelSource[] = [];
    for (const version of ['6.1.0', '6.2.0']) {
      const path = join(folder, version);
      await writeFile(path, tinyKernel({ version }));
      sources.push({ kind: 'image', path, sha256: sha256(await readFile(path)) });
    }
    for (const source of sources) await acquireKernel({ name: 'it', source }, options);
    const entries = join(options.cache.root, 'entries', 'kernel-image');
    const [one = '', two = ''] = (await readdir(entries)).map((name) => join(entries, name));
    const texts = [await readFile(one, 'utf8'), await readFile(two, 'utf8')].map((text) => JSON.parse(text));
    // Entries of earlier versions, too, which have no seal.
    const exchange = (to: number, from: number) => {
      const { seal: _, ...bare } = texts[to];
      return JSON.stringify({ ...bare, object: texts[from].object, facts: texts[from].facts });
    };
    await writeFile(one, exchange(0, 1));
    await writeFile(two, exchange(1, 0));
    for (const source of sources) {
      const asked = acquireKernel({ name: 'it', source }, options);
      await expect(asked).rejects.toMatchObject({ code: 'cache-damaged' });
    }
  });
});

test('a .deb by URL is fetched once, checked, and then needs no server', async () => {
  await withCache(async (folder, get) => {
    const bytes = await readFile(await makeDeb(folder, AT_BOOT));
    let requests = 0;
    const server = createServer((_request, response) => {
      requests += 1;
      response.end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const location = `http://127.0.0.1:${(server.address() as AddressInfo).port}/k.deb`;
    const without = get({ kind: 'deb', location });
    await expect(without).rejects.toMatchObject({
      name: 'UserError',
      hint: expect.stringContaining('sha256sum'),
    });
    const wrong = get({ kind: 'deb', location, sha256: sha256('x') });
    await expect(wrong).rejects.toThrow(sha256(bytes));
    expect(requests).toBe(1);
    const both = [1, 2].map(() => get({ kind: 'deb', location, sha256: sha256(bytes) }));
    expect((await Promise.all(both)).map((each) => each.release)).toEqual(['6.1.0-test', '6.1.0-test']);
    expect(requests).toBe(2);
    server.closeAllConnections();
    server.close();
    expect(await get({ kind: 'deb', location, sha256: sha256(bytes) })).toMatchObject({ cached: true });
  });
});

test('two kernels in a package are an error that names them', async () => {
  await withCache(async (folder, get) => {
    const location = await makeDeb(folder, { ...AT_BOOT, 'boot/vmlinuz-6.2': KERNEL });
    await expect(get({ kind: 'deb', location })).rejects.toThrow(
      /more than one kernel: .*6\.1\.0-test.*6\.2/,
    );
  });
});

test('no kernel, or a link in its place, is an error', async () => {
  await withCache(async (folder, get) => {
    const none = await makeDeb(folder, { 'usr/share/doc/x': 'x' }, 'doc');
    await expect(get({ kind: 'deb', location: none })).rejects.toThrow(/holds no kernel/);
    await mkdir(join(folder, 'linked-tree/boot'), { recursive: true });
    await symlink('/etc/passwd', join(folder, 'linked-tree/boot/vmlinuz-1'));
    const linked = await makeDeb(folder, { 'usr/share/doc/x': 'x' }, 'linked');
    await expect(get({ kind: 'deb', location: linked })).rejects.toThrow(/link or empty/);
    const text = await makeDeb(folder, { 'boot/vmlinuz-1': 'hello' }, 'text');
    await expect(get({ kind: 'deb', location: text })).rejects.toThrow(/is not a kernel image: it is text/);
  });
});

test.each(['../../boot/vmlinuz-1', '/boot/vmlinuz-1', 'boot/../../x'])(
  'a package with the member %s is refused',
  async (member) => {
    await withCache(async (folder, get) => {
      const location = await makeDebWithName(folder, member, KERNEL);
      await expect(get({ kind: 'deb', location })).rejects.toThrow(/is refused: its member .* leaves/);
    });
  },
);

test('what is not a package, or only half of one, is called what it is', async () => {
  await withCache(async (folder, get) => {
    const deb = await makeDeb(folder, AT_BOOT);
    const half = join(folder, 'half.deb');
    await writeFile(half, (await readFile(deb)).subarray(0, 600));
    await expect(get({ kind: 'deb', location: half })).rejects.toThrow(/damaged/);
    await expect(get({ kind: 'deb', location: half })).rejects.toMatchObject({ name: 'UserError' });
    await writeFile(half, 'text');
    await expect(get({ kind: 'deb', location: half })).rejects.toThrow(/is not a \.deb: it is text/);
    await expect(get({ kind: 'rpm', location: deb })).rejects.toThrow(
      /is not an \.rpm: it is a Debian package/,
    );
    await expect(get({ kind: 'deb', location: join(folder, 'none') })).rejects.toThrow(/no such file/);
  });
});

const NO_RPM =
  (await has('rpmbuild')) && (await has('bsdtar')) ? undefined : 'rpmbuild or bsdtar is not installed';

test('an .rpm with its kernel among the modules, and a link to it under boot', async (context) => {
  if (NO_RPM !== undefined) context.skip(`${NO_RPM}: apt-get install rpm libarchive-tools`);
  await withCache(async (folder, get) => {
    const inModules = 'lib/modules/6.1.0-test/vmlinuz';
    const files = { [inModules]: KERNEL, 'lib/modules/6.1.0-test/config': 'CONFIG_X86=y\n' };
    const location = await makeRpm(folder, files, { links: { 'boot/vmlinuz-6.1.0-test': `/${inModules}` } });
    const found = await get({ kind: 'rpm', location });
    expect(found).toMatchObject({ sha256: sha256(KERNEL), release: '6.1.0-test', cached: false });
    const half = join(folder, 'half.rpm');
    await writeFile(half, (await readFile(location)).subarray(0, 3000));
    await expect(get({ kind: 'rpm', location: half })).rejects.toMatchObject({ name: 'UserError' });
  });
});

test('two processes that want the same kernel both get it', async () => {
  await withCache(async (folder) => {
    const location = await makeDeb(folder, AT_BOOT);
    const script = `
      import { openCache } from './harness/host/cache.ts';
      import { acquireKernel } from './harness/kernel/acquire.ts';
      const cache = await openCache(${JSON.stringify(join(folder, 'cache'))});
      const source = { kind: 'deb', location: ${JSON.stringify(location)} };
      const { sha256 } = await acquireKernel({ name: 'k', source }, { cache });
      console.log(sha256);
    `;
    const both = await Promise.all([startScript(script).ended, startScript(script).ended]);
    expect(both.map((each) => each.errors)).toEqual(['', '']);
    expect(both.map((each) => each.output.trim())).toEqual([sha256(KERNEL), sha256(KERNEL)]);
  });
});

test('an interrupted acquisition says so', async () => {
  await withCache(async (folder, get) => {
    const location = await makeDeb(folder, AT_BOOT);
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const failing = stoppedBy(controller.signal, () => get({ kind: 'deb', location }, { onProgress }));
    await expect(failing).rejects.toMatchObject({ name: 'Interrupted' });
    expect(await runTool('ls', [join(folder, 'cache/tmp')])).toMatchObject({ stdout: '' });
    await rm(join(folder, 'cache'), { recursive: true });
  });
});

test('what a package unpacks to has a limit, and a full disk is not a damaged package', async () => {
  await inScratch(async (folder) => {
    const write = 'head -c 600000000 /dev/zero > "$1"';
    const unpacking = runPipeline(write, [join(folder, 'vmlinuz')], 'it.deb');
    await expect(unpacking).rejects.toThrow('it.deb holds a file of more than 512 MiB');
    const full =
      'head -c 9000 /dev/zero > /dev/full; for i in 1 2 3 4; do echo "part $i gives up" >&2; done; false';
    await expect(runPipeline(full, [], 'it.deb')).rejects.toMatchObject({ code: 'no-space' });
  });
});
