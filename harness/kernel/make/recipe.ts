/** Reads what a recipe names into memory, and gives it its keys. */

import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { withTemporary } from '../../host/cache.ts';
import { sha256OfParts } from '../../host/digest.ts';
import { downloadFile, isUrl } from '../../host/download.ts';
import type { BuildSource, ConfigBase, ToolchainRecipe } from '../../matrix/types.ts';
import { type Era, NO_ERA } from '../era/era.ts';
import { checkSha256 } from '../from-file.ts';
import { debReader } from '../package/deb.ts';
import { readMember } from '../package/unpack.ts';
import { readSeries } from '../patch/series.ts';
import { digestOfFile } from '../tree/file-digest.ts';
import type { Source } from '../tree/types.ts';
import type { AcquireOptions } from '../types.ts';
import type { WantedConfig } from './configure.ts';
import { type InputFile, readInput } from './input-file.ts';
import { formatOptions, type Options, optionValue, parseOptions } from './options.ts';
import { kernelImagesFolder } from './paths.ts';
import type { Toolchain } from './toolchain.ts';

/** Raised when the same inputs would be built in another way. */
const RECIPE_VERSION = '1';

interface ExtraContent {
  readonly path: string;
  /** A file of the tree to copy, or the content itself. */
  readonly from: string | InputFile;
}

export interface Inputs {
  readonly patches: readonly InputFile[];
  readonly config: WantedConfig;
  readonly extra: readonly ExtraContent[];
  /** What the tree's era adds; part of the rest already, but for its patches. */
  readonly era: Era;
}

/** Throws UserError for whatever is not there or cannot be read. Nothing of the era yet: withEraInputs(). */
export async function readInputs(recipe: BuildSource, options: AcquireOptions): Promise<Inputs> {
  const { series, config, toolchain } = recipe;
  const patches = [
    ...(series === undefined ? [] : await readSeries(series.file, series.variant)),
    ...(await Promise.all(recipe.patches.map((path) => readInput('the patch', path)))),
  ];
  const strict = new Map<string, string>();
  for (const path of config.fragments) {
    const { content } = await readInput('the configuration fragment', path);
    for (const [name, value] of parseOptions(content.toString('utf8'))) strict.set(name, value);
  }
  for (const [name, value] of Object.entries(config.set)) strict.set(name, optionValue(value));
  const extra = await readExtra(toolchain);
  return { patches, config: { ...(await readBase(recipe, options)), strict }, extra, era: NO_ERA };
}

async function readExtra({ extraFiles }: ToolchainRecipe): Promise<ExtraContent[]> {
  const extra: ExtraContent[] = [];
  for (const [path, file] of Object.entries(extraFiles).sort()) {
    extra.push({ path, from: 'tree' in file ? file.tree : await readInput('the extra file', file.path) });
  }
  return extra;
}

/** `fitted` is the toolchain with what the era adds. Options are of use with the guest configuration alone. */
export async function withEraInputs(inputs: Inputs, era: Era, fitted: ToolchainRecipe): Promise<Inputs> {
  const { config } = inputs;
  const lenient = config.base === undefined ? new Map([...config.lenient, ...era.options]) : config.lenient;
  return { ...inputs, config: { ...config, lenient }, extra: await readExtra(fitted), era };
}

async function readBase({ config: { base } }: BuildSource, options: AcquireOptions) {
  switch (base.kind) {
    case 'guest': {
      return { base: undefined, lenient: await readGuest() };
    }
    case 'file': {
      const { content } = await readInput('the configuration', base.path);
      const text = checkedBase(content.toString('utf8'), base.path);
      return base.only === 'guest'
        ? withoutModules(text, await readGuest())
        : { base: text, lenient: new Map<string, string>() };
    }
    case 'deb': {
      const text = await withTemporary(options.cache, (scratch) => configOfDeb(base, scratch, options));
      return { base: checkedBase(text, base.location), lenient: new Map<string, string>() };
    }
  }
}

async function readGuest(): Promise<Options> {
  const file = await readInput('the guest configuration', join(kernelImagesFolder(), 'guest.config'));
  return parseOptions(file.content.toString('utf8'));
}

/** What is a module is off, but for what the guest configuration has built in. */
export function withoutModules(base: string, guest: Options): { base: string; lenient: Options } {
  const options = parseOptions(base);
  const isModule = (name: string) => options.get(name) === 'm';
  return {
    base: formatOptions(new Map([...options].map(([name, value]) => [name, value === 'm' ? 'n' : value]))),
    lenient: new Map([...guest].filter(([name, value]) => value === 'y' && isModule(name))),
  };
}

function checkedBase(text: string, path: string): string {
  if (parseOptions(text).size > 0) return text;
  throw new UserError(`${path} is not a kernel configuration: no line of it sets a CONFIG_ option`);
}

/** The key of the folder that a kernel is built in: what its variants have in common. */
export function workKey(source: Source, inputs: Inputs, toolchain: Toolchain): string {
  return sha256OfParts({ source: source.digest, ...withoutSource(inputs, toolchain) });
}

/** What folders of different sources have in common that compile the same file to the same object. */
export function kinKey(inputs: Inputs, toolchain: Toolchain): string {
  return sha256OfParts(withoutSource(inputs, toolchain));
}

function withoutSource({ config: { base = '', lenient, strict } }: Inputs, { identity }: Toolchain) {
  return {
    version: RECIPE_VERSION,
    base,
    lenient: formatOptions(lenient),
    strict: formatOptions(strict),
    toolchain: identity,
  };
}

export function buildKey(
  work: string,
  recipe: BuildSource,
  patches: readonly InputFile[],
  inputs: Inputs,
): string {
  return sha256OfParts({
    work,
    patches: [...patches, ...inputs.era.patches].map(({ sha256 }) => sha256).join(' '),
    // Fix-ups have a fuzz of their own.
    fuzz: patches.length > 0 ? String(recipe.fuzz) : '',
    extra: JSON.stringify(
      inputs.extra.map(({ path, from }) => [path, typeof from === 'string' ? `tree ${from}` : from.sha256]),
    ),
  });
}

/** The configuration of a distribution's kernel, from its package. */
type DebBase = Extract<ConfigBase, { kind: 'deb' }>;

const CONFIG = /^(?:\.\/)?(?:boot\/config-[\w.+~-]+|usr\/lib\/modules\/[\w.+~-]+\/config)$/;

async function configOfDeb(base: DebBase, scratch: string, options: AcquireOptions): Promise<string> {
  let path = base.location;
  if (isUrl(base.location)) {
    if (base.sha256 === undefined) throw new UserError(`${base.location} needs its sha256`);
    path = join(scratch, 'package.deb');
    options.onProgress?.(`downloading ${base.location}`);
    await downloadFile(base.location, path, {
      sha256: base.sha256,
    });
  } else checkSha256(path, await digestOfFile(path, options), base.sha256);
  const found = await readMember(debReader, path, CONFIG, join(scratch, 'config'));
  if (found === undefined) throw new UserError(`${base.location} holds no boot/config-*`);
  return found.text;
}
