/** What a recipe comes to: all inputs found, with the keys of the image and of the folder that it is built in. */
import { UserError } from '../../base/errors.ts';
import type { BuildSource } from '../../matrix/types.ts';
import { findSource } from '../tree/source.ts';
import type { Source } from '../tree/types.ts';
import type { AcquireOptions } from '../types.ts';
import type { InputFile } from './input-file.ts';
import { buildKey, type Inputs, readInputs, workKey } from './recipe.ts';
import { findToolchain, type Toolchain } from './toolchain.ts';

/** All that is known of a build before it starts. */
export interface Job {
  readonly recipe: BuildSource;
  readonly source: Source;
  readonly toolchain: Toolchain;
  readonly inputs: Inputs;
  /** Those of the series, those given as files, and picked commits. */
  readonly patches: readonly InputFile[];
  readonly workKey: string;
  readonly key: string;
}

/** Throws UserError for whatever is missing or wrong, HostFault without a toolchain. Builds nothing. */
export async function prepareJob(recipe: BuildSource, options: AcquireOptions): Promise<Job> {
  const inputs = await readInputs(recipe, options);
  const toolchain = await findToolchain(options.cache, recipe.toolchain);
  const source = await findSource(recipe.tree, options);
  const picked: InputFile[] = [];
  for (const commit of recipe.cherryPick) {
    if (source.commitPatch === undefined) {
      throw new UserError(
        `cannot pick ${commit}: the source has no commits`,
        'use a git source, or give it as a patch',
      );
    }
    picked.push(await source.commitPatch(commit));
  }
  const patches = [...inputs.patches, ...picked];
  const work = workKey(source, inputs, toolchain);
  return {
    recipe,
    source,
    toolchain,
    inputs,
    patches,
    workKey: work,
    key: buildKey(work, recipe, patches, inputs),
  };
}

/** For people: what it was made of. */
export function originOf({ recipe, source, patches, toolchain }: Job): string {
  const what = recipe.series === undefined ? '' : `, variant ${recipe.series.variant}`;
  const count = `${patches.length} ${patches.length === 1 ? 'patch' : 'patches'}`;
  return `${source.label}${what}, ${count}, built by ${toolchain.compiler}`;
}
