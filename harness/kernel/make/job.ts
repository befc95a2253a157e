/** What a recipe comes to: all inputs found, with the keys of the image and of the folder that it is built in. */
import { UserError } from '../../base/errors.ts';
import type { BuildSource } from '../../matrix/types.ts';
import { findEra, withEra } from '../era/era.ts';
import { toolsOf } from '../era/facts.ts';
import type { Rule } from '../era/rules.ts';
import { findSource } from '../tree/source.ts';
import type { Source } from '../tree/types.ts';
import type { AcquireOptions } from '../types.ts';
import type { InputFile } from './input-file.ts';
import { buildKey, type Inputs, kinKey, readInputs, withEraInputs, workKey } from './recipe.ts';
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
  /** The same for all sources: make/kin.ts. */
  readonly kinKey: string;
  readonly key: string;
}

/**
 * Throws UserError for whatever is missing or wrong, HostFault without a toolchain. Builds nothing. `neighbours` are rules
 * to go by though the tree does not ask for them.
 */
export async function prepareJob(
  recipe: BuildSource,
  options: AcquireOptions,
  neighbours: readonly Rule[] = [],
): Promise<Job> {
  const asked = await readInputs(recipe, options);
  const found = await findToolchain(options.cache, recipe.toolchain);
  const source = await findSource(recipe.tree, options);
  const { inputs, toolchain } = await fitToEra(recipe, source, asked, found, options, neighbours);
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
    kinKey: kinKey(inputs, toolchain),
    key: buildKey(work, recipe, patches, inputs),
  };
}

/** Adds what the tree's era needs. */
async function fitToEra(
  recipe: BuildSource,
  source: Source,
  inputs: Inputs,
  toolchain: Toolchain,
  options: AcquireOptions,
  neighbours: readonly Rule[],
): Promise<{ inputs: Inputs; toolchain: Toolchain }> {
  if (recipe.toolchain.fixups === 'none') return { inputs, toolchain };
  const era = await findEra(source, toolsOf(toolchain.compiler, toolchain.linker), options, neighbours);
  if (era.rules.length === 0) return { inputs, toolchain };
  options.onProgress?.(`fix-ups for a tree of its age: ${era.rules.map(({ name }) => name).join(', ')}`);
  const fitted = withEra(recipe.toolchain, era);
  return {
    inputs: await withEraInputs(inputs, era, fitted),
    toolchain: await findToolchain(options.cache, fitted),
  };
}

/** For people: what it was made of. */
export function originOf({ recipe, source, patches, toolchain, inputs }: Job): string {
  const what = recipe.series === undefined ? '' : `, variant ${recipe.series.variant}`;
  const count = `${patches.length} ${patches.length === 1 ? 'patch' : 'patches'}`;
  const fixups = inputs.era.rules.length > 0 ? ', fix-ups' : '';
  return `${source.label}${what}, ${count}${fixups}, built by ${toolchain.compiler}`;
}
