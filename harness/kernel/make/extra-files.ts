/** Files that a toolchain entry puts into the tree, on top of the patches. */
import { join } from 'node:path';
import { type ChangedFile, type Overlay, readChanged, sameFile } from '../patch/apply.ts';
import { BuildError } from './errors.ts';
import type { Inputs } from './recipe.ts';

export async function withExtraFiles(overlay: Overlay, tree: string, { extra }: Inputs): Promise<Overlay> {
  const all = new Map(overlay);
  for (const { path, from } of extra) {
    const before = await readChanged(join(tree, path));
    const file: ChangedFile =
      typeof from === 'string'
        ? (overlay.get(from) ?? (await readChanged(join(tree, from))))
        : { content: from.content, mode: before.mode };
    if (file.content === null)
      throw new BuildError(
        'config',
        `the extra file ${path} is to be a copy of ${from}, which this tree does not have`,
      );
    if (!sameFile(before, file)) all.set(path, file);
  }
  return all;
}
