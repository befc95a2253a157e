/** The pinned QEMU: from the cache if the same was built before, else built. */
import { cp, mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { HostFault } from '../../base/errors.ts';
import { lines } from '../../base/safe-text.ts';
import { plainTable } from '../../base/table.ts';
import { openCache, withTemporary } from '../../host/cache.ts';
import { runTool } from '../../host/process.ts';
import { logFolder, workFolder } from '../../kernel/make/paths.ts';
import { workAt, writeState } from '../../kernel/make/work.ts';
import { oneAtATime } from '../../kernel/store.ts';
import { noSpace } from '../../kernel/tree/untar.ts';
import type { AcquireOptions } from '../../kernel/types.ts';
import { compileQemu, PROGRAM } from './compile.ts';
import { findOrigins, keepOrigins, knownOrigins, upstreamVersion } from './origins.ts';
import { type OwnFiles, readOwnFiles } from './own-files.ts';
import { type Keys, keysOf, patchNames, type Recipe, readRecipe } from './recipe.ts';
import { findStored, type Manifest, storeFolder } from './store.ts';
import { findToolchain, sharedLibraries, type Toolchain } from './toolchain.ts';
import { ensureSourceTree } from './tree.ts';
import type { EmulatorOptions, Origins, PinnedQemu } from './types.ts';

interface Job {
  readonly origins: Origins;
  readonly own: OwnFiles | undefined;
  readonly recipe: Recipe;
  readonly toolchain: Toolchain;
  readonly keys: Keys;
}

/**
 * Gives the pinned QEMU, and builds it if the cache has none; that takes some minutes and the network. Throws
 * HostFault if it cannot be built here: 'tool-missing' with what to install, 'emulator-source' if the archive
 * lacks something, 'emulator-patch' and 'emulator-build' if QEMU does not take our patches or does not compile.
 */
export async function pinnedQemu(options: EmulatorOptions = {}): Promise<PinnedQemu> {
  const { cache = await openCache(), folder, from, ...more } = options;
  const acquire: AcquireOptions = { cache, ...more };
  const [recipe, toolchain] = await Promise.all([readRecipe(folder), findToolchain()]);
  const own = from === undefined ? undefined : await readOwnFiles(from);
  const origins = own === undefined ? await findOrigins(acquire) : await keepOrigins(acquire, own.origins);
  const job: Job = { origins, own, recipe, toolchain, keys: keysOf(origins, recipe, toolchain) };
  const find = () => (options.force ? undefined : findStored(cache, job.keys.key, acquire.onProgress));
  const warm = await find();
  if (warm !== undefined) return describe(warm.folder, warm.manifest, true);
  // The name under which pruning locks build folders: it waits for us.
  return oneAtATime(`build ${job.keys.key}`, 'the pinned QEMU', acquire, async () => {
    const meanwhile = await find();
    if (meanwhile !== undefined) return describe(meanwhile.folder, meanwhile.manifest, true);
    return build(job, acquire);
  });
}

/** The pinned QEMU if it was built before; builds nothing and needs no network. */
export async function findPinnedQemu(
  options: Pick<EmulatorOptions, 'cache'> = {},
): Promise<PinnedQemu | undefined> {
  const cache = options.cache ?? (await openCache());
  const origins = await knownOrigins({ cache });
  if (origins === undefined) return undefined;
  const [recipe, toolchain] = await Promise.all([readRecipe(), findToolchain()]);
  const found = await findStored(cache, keysOf(origins, recipe, toolchain).key);
  return found && describe(found.folder, found.manifest, true);
}

async function build(job: Job, options: AcquireOptions): Promise<PinnedQemu> {
  const { origins, own, recipe, toolchain, keys } = job;
  const { cache, onProgress } = options;
  const startedMs = performance.now();
  const work = workAt(workFolder(cache, keys.key));
  const logs = logFolder(cache, keys.key);
  const version = upstreamVersion(origins.source.version);
  try {
    await mkdir(work.folder, { recursive: true });
    await mkdir(logs, { recursive: true });
    // What a listing of the cache says of the folder, and by whose date pruning goes.
    await writeState(work, { ...IDLE, label: `QEMU ${version}`, buildingSinceMs: Date.now() });
    // What an earlier attempt started may live on for a moment; it holds this lock.
    await runTool('flock', [work.lockFile, 'true']);
    await ensureSourceTree(work, origins, recipe, options, own);
    const logPath = join(logs, 'build.log');
    await rm(logPath, { force: true });
    return await withTemporary(cache, async (scratch) => {
      const made = join(scratch, 'made');
      await mkdir(join(made, 'bin'), { recursive: true });
      const about = `tscmatrix ${keys.behaviour.slice(0, 12)}, Debian ${origins.source.version}`;
      const jobs = options.jobs ?? availableParallelism();
      const program = join(made, 'bin', PROGRAM);
      await compileQemu({ work, toolchain, logPath, about, jobs, onProgress }, program);
      await cp(join(work.tree, 'firmware'), join(made, 'share', 'qemu'), { recursive: true });
      await tryProgram(program, version);
      const facts = {
        version,
        debianVersion: origins.source.version,
        key: keys.key,
        behaviour: keys.behaviour,
        patches: patchNames(recipe),
        compiler: toolchain.compiler,
        seconds: Math.round((performance.now() - startedMs) / 100) / 10,
      };
      const manifest = await storeFolder(cache, made, facts, onProgress);
      await rm(work.folder, { recursive: true, force: true });
      const stored = await findStored(cache, keys.key);
      if (stored === undefined)
        throw new HostFault('cache-unusable', 'QEMU vanished from the cache while it was stored');
      return describe(stored.folder, manifest, false);
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw noSpace('to build QEMU');
    throw error;
  }
}

const IDLE = {
  version: 1,
  touched: [],
  endedMs: 0,
  configured: null,
  unknownOptions: [],
} as const;

/** It runs here, and is what it should be. */
async function tryProgram(program: string, version: string): Promise<void> {
  const { stdout } = await runTool(program, ['--version']);
  if (stdout.startsWith(`QEMU emulator version ${version} `)) return;
  throw new HostFault('emulator-build', `QEMU ${version} was built, and says of itself:\n${stdout.trim()}`);
}

async function describe(folder: string, manifest: Manifest, cached: boolean): Promise<PinnedQemu> {
  const program = join(folder, 'bin', PROGRAM);
  const { version, debianVersion, key, behaviour, patches, files } = manifest;
  return {
    program,
    firmwareDir: join(folder, 'share', 'qemu'),
    version,
    debianVersion,
    sha256: files[`bin/${PROGRAM}`] ?? '',
    key,
    behaviour,
    patches,
    libraries: await sharedLibraries(program),
    cached,
  };
}

/** `seconds` is what getting it took, from the cache or not. */
export function pinnedText(qemu: PinnedQemu, seconds: number): string {
  const { version, debianVersion, sha256, behaviour, cached, program } = qemu;
  const row = [version, debianVersion, sha256.slice(0, 12), behaviour.slice(0, 12), seconds.toFixed(1)];
  return lines(
    plainTable(
      ['QEMU', 'source', 'sha256', 'behaviour', 'seconds', 'from', 'program'],
      [[...row, cached ? 'cache' : 'built', program]],
    ),
  );
}
