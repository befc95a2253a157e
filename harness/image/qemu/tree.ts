/** The source tree of a build, whole or not there: Debian's source with our patches and our device list. */
import { access, copyFile, mkdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HostFault } from '../../base/errors.ts';
import { withTemporary } from '../../host/cache.ts';
import { BuildError } from '../../kernel/make/errors.ts';
import type { Work } from '../../kernel/make/work.ts';
import { applyPatches, type Overlay } from '../../kernel/patch/apply.ts';
import type { AcquireOptions } from '../../kernel/types.ts';
import { fetchOrigins } from './fetch.ts';
import type { OwnFiles } from './own-files.ts';
import type { Recipe } from './recipe.ts';
import type { Origins } from './types.ts';

/** Makes work.tree with source/, meson/ and firmware/, if an earlier attempt has not. */
export async function ensureSourceTree(
  work: Work,
  origins: Origins,
  recipe: Recipe,
  options: AcquireOptions,
  own?: OwnFiles,
): Promise<void> {
  const there = await access(work.tree).then(
    () => true,
    () => false,
  );
  if (there) return;
  await withTemporary(options.cache, async (scratch) => {
    const made = join(scratch, 'made');
    await mkdir(made);
    await fetchOrigins(origins, made, scratch, options, own);
    const source = join(made, 'source');
    await patchTree(source, recipe, origins.source.version, join(scratch, 'patching'));
    await rm(work.tree, { recursive: true, force: true });
    await rename(made, work.tree);
  });
}

/** Changes a QEMU tree into ours. Throws HostFault 'emulator-patch' with both sides if a patch does not apply. */
export async function patchTree(
  source: string,
  { patches, devices }: Recipe,
  version: string,
  scratch: string,
): Promise<void> {
  await mkdir(scratch);
  let overlay: Overlay;
  try {
    // Debian updates its QEMU in place: lines may move, and what the patch rests on may not change.
    ({ overlay } = await applyPatches(source, patches, { fuzz: 0, scratch }));
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    throw new HostFault(
      'emulator-patch',
      `QEMU ${version} does not take our patches: ${error.message}`,
      'QEMU may have the fix itself by now: compare, and leave the patch out of images/qemu/patches/series or make it anew',
      { cause: error },
    );
  }
  for (const [path, { content, mode }] of overlay) {
    const target = join(source, path);
    if (content === null) {
      await unlink(target);
      continue;
    }
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content, { mode });
  }
  await copyFile(devices.name, join(source, 'configs', 'devices', 'x86_64-softmmu', 'tscmatrix.mak'));
}
