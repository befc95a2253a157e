/** Compiles our small C programs, statically and reproducibly, into the cache. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  findEntry,
  openCache,
  storeEntry,
  storeObject,
  takeObject,
  withCacheLock,
  withTemporary,
} from '../host/cache.ts';
import { runTool } from '../host/process.ts';
import { imagesFolder } from '../host/project.ts';

const COMPILER = 'gcc';
const COMPILER_HINT = 'apt-get install gcc libc6-dev';
/** No build id and no paths of this machine: the same sources and compiler give the same bytes. */
const FLAGS = ['-std=gnu17', '-Os', '-Wall', '-Wextra', '-Werror', '-static', '-s', '-Wl,--build-id=none'];

interface Source {
  readonly name: string;
  readonly text: string;
}

/** A library that is loaded into somebody else's program; the C library is that program's. */
const SHARED_FLAGS = FLAGS.map((flag) => (flag === '-static' ? '-shared' : flag)).concat('-fPIC', '-O2');

/** All that decides the program's bytes. The static C library comes with the compiler's packages. */
async function keyOf(sources: readonly Source[], flags: readonly string[]): Promise<string> {
  const options = { hint: COMPILER_HINT };
  const [version, libc] = await Promise.all([
    runTool(COMPILER, ['-v'], options),
    runTool(COMPILER, ['-print-file-name=libc.a'], options),
  ]);
  const hash = createHash('sha256').update(JSON.stringify([flags, version.stderr, sources]));
  return hash.update(await readFile(libc.stdout.trim()).catch(() => '')).digest('hex');
}

/** `files` are paths within `folder`. */
async function compile(
  name: string,
  folder: string,
  files: readonly string[],
  flags: readonly string[] = FLAGS,
): Promise<string> {
  const sources = await Promise.all(
    files.map(async (file) => ({ name: file, text: await readFile(join(folder, file), 'utf8') })),
  );
  const cache = await openCache();
  const key = await keyOf(sources, flags);
  const find = async (): Promise<string | undefined> => {
    const entry = await findEntry(cache, 'program', key);
    return entry?.object === undefined ? undefined : takeObject(cache, entry.object);
  };
  const found = await find();
  if (found !== undefined) return found;
  const lock = { purpose: `compiling ${name}` };
  return withCacheLock(cache, `program-${key}`, lock, async () => {
    const meanwhile = await find();
    if (meanwhile !== undefined) return meanwhile;
    return withTemporary(cache, async (temporary) => {
      const program = join(temporary, name);
      const units = files.filter((file) => file.endsWith('.c'));
      // A compiler that is killed leaves its files behind.
      const env = { TMPDIR: temporary };
      await runTool(COMPILER, [...flags, ...units, '-o', program], { cwd: folder, env, hint: COMPILER_HINT });
      const object = await storeObject(cache, program, name);
      await storeEntry(cache, { kind: 'program', key, object });
      return (await takeObject(cache, object)) as string;
    });
  });
}

/** One program of one file, for example "host/tsc-khz.c"; gives its path. Throws HostFault without a compiler. */
export async function compileTool(source: string): Promise<string> {
  const path = join(imagesFolder(), source);
  return compile(basename(source, '.c'), dirname(path), [basename(path)]);
}

/** One program of all the C files in a folder of images/, and of `shared` files of other folders there. */
export async function compileFolder(
  name: string,
  folderName: string,
  shared: readonly string[] = [],
  more: readonly string[] = [],
): Promise<string> {
  const own = (await readdir(join(imagesFolder(), folderName))).filter((file) => /\.[ch]$/.test(file));
  const files = [...own.map((file) => `${folderName}/${file}`), ...shared].sort();
  return compile(name, imagesFolder(), files, [...FLAGS, ...more]);
}

/** The library that counts a KVM guest's exits and slows its reads of a reference counter. */
export async function buildExitsLibrary(): Promise<string> {
  return compile('kvm-exits.so', imagesFolder(), ['exits/exits.h', 'exits/kvm-exits.c'], SHARED_FLAGS);
}
