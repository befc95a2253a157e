/** Reads what a recipe names into memory, and gives it its keys. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { withTemporary } from '../../host/cache.ts';
import { sha256OfParts } from '../../host/digest.ts';
import { downloadFile, isUrl } from '../../host/download.ts';
import type { BuildSource, ConfigBase } from '../../matrix/types.ts';
import { checkSha256 } from '../from-file.ts';
import { debReader } from '../package/deb.ts';
import { readSeries } from '../patch/series.ts';
import { digestOfFile } from '../tree/file-digest.ts';
import type { Source } from '../tree/types.ts';
import type { AcquireOptions } from '../types.ts';
import type { WantedConfig } from './configure.ts';
import { type InputFile, readInput } from './input-file.ts';
import { formatOptions, optionValue, parseOptions } from './options.ts';
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
}

/** Throws UserError for whatever is not there or cannot be read. */
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
  const extra: ExtraContent[] = [];
  for (const [path, file] of Object.entries(toolchain.extraFiles).sort()) {
    extra.push({ path, from: 'tree' in file ? file.tree : await readInput('the extra file', file.path) });
  }
  return { patches, config: { ...(await readBase(recipe, options)), strict }, extra };
}

async function readBase({ config: { base } }: BuildSource, options: AcquireOptions) {
  switch (base.kind) {
    case 'guest': {
      const file = await readInput('the guest configuration', join(kernelImagesFolder(), 'guest.config'));
      return { base: undefined, lenient: parseOptions(file.content.toString('utf8')) };
    }
    case 'file': {
      const { content } = await readInput('the configuration', base.path);
      return { base: checkedBase(content.toString('utf8'), base.path), lenient: new Map<string, string>() };
    }
    case 'deb': {
      const text = await withTemporary(options.cache, (scratch) => configOfDeb(base, scratch, options));
      return { base: checkedBase(text, base.location), lenient: new Map<string, string>() };
    }
  }
}

function checkedBase(text: string, path: string): string {
  if (parseOptions(text).size > 0) return text;
  throw new UserError(`${path} is not a kernel configuration: no line of it sets a CONFIG_ option`);
}

/** The key of the folder that a kernel is built in: what its variants have in common. */
export function workKey(source: Source, inputs: Inputs, toolchain: Toolchain): string {
  const { base = '', lenient, strict } = inputs.config;
  return sha256OfParts({
    version: RECIPE_VERSION,
    source: source.digest,
    base,
    lenient: formatOptions(lenient),
    strict: formatOptions(strict),
    toolchain: toolchain.identity,
  });
}

export function buildKey(
  work: string,
  recipe: BuildSource,
  patches: readonly InputFile[],
  inputs: Inputs,
): string {
  return sha256OfParts({
    work,
    patches: patches.map(({ sha256 }) => sha256).join(' '),
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
  const member = (await debReader.list(path)).find((name) => CONFIG.test(name));
  if (member === undefined) throw new UserError(`${base.location} holds no boot/config-*`);
  const target = join(scratch, 'config');
  await debReader.extract(path, member, target);
  return readFile(target, 'utf8');
}
