/** What the rules add to the build of a tree. */
import { join } from 'node:path';
import type { ToolchainRecipe } from '../../matrix/types.ts';
import { type InputFile, readInput } from '../make/input-file.ts';
import { type Options, parseOptions } from '../make/options.ts';
import { kernelImagesFolder } from '../make/paths.ts';
import type { Source } from '../tree/types.ts';
import type { AcquireOptions } from '../types.ts';
import { areMet, factsOf, type Tools } from './facts.ts';
import { eraRules, type Rule } from './rules.ts';

export interface Era {
  readonly rules: readonly Rule[];
  readonly patches: readonly InputFile[];
  /** On top of the guest configuration. */
  readonly options: Options;
}

export const NO_ERA: Era = { rules: [], patches: [], options: new Map() };

/** Asks the tree; `neighbours` are added without asking. */
export async function findEra(
  source: Source,
  tools: Tools,
  options: AcquireOptions,
  neighbours: readonly Rule[],
): Promise<Era> {
  const all = eraRules(tools.gcc?.[0] ?? null);
  const facts = await factsOf(
    source,
    all.flatMap(({ when }) => when),
    options,
  );
  const rules = all.filter(({ when }) => areMet(when, facts, tools));
  // Two neighbours mostly go by the same rules.
  for (const rule of neighbours) if (!rules.some(({ name }) => name === rule.name)) rules.push(rule);
  return eraOf(rules);
}

async function eraOf(rules: readonly Rule[]): Promise<Era> {
  const patches: InputFile[] = [];
  const options = new Map<string, string>();
  for (const { adds } of rules) {
    if (adds.patch !== undefined) {
      const file = await readInput('the fix-up', join(kernelImagesFolder(), 'fixups', adds.patch));
      patches.push({ ...file, name: adds.patch });
    }
    if (adds.fragment !== undefined) {
      const { content } = await readInput('the fragment', join(kernelImagesFolder(), adds.fragment));
      for (const [name, value] of parseOptions(String(content))) options.set(name, value);
    }
    for (const [name, value] of Object.entries(adds.options ?? {})) options.set(name, value);
  }
  return { rules, patches, options };
}

/** The recipe with what the era adds; what it has already stays as it is, and counts. */
export function withEra(recipe: ToolchainRecipe, { rules }: Era): ToolchainRecipe {
  let fitted = recipe;
  const more = (words: readonly string[], added: readonly string[] = []): readonly string[] =>
    added.every((word) => words.includes(word)) ? words : [...words, ...added];
  for (const { adds } of rules) {
    const copies = Object.entries(adds.copies ?? {}).map(([path, tree]) => [path, { tree }] as const);
    fitted = {
      ...fitted,
      cc: more(fitted.cc, adds.cc),
      hostcc: adds.hostcc === undefined ? fitted.hostcc : more(hostccOf(fitted), adds.hostcc),
      ldflags: more(fitted.ldflags, adds.ldflags),
      make: { ...adds.make, ...fitted.make },
      extraFiles: { ...Object.fromEntries(copies), ...fitted.extraFiles },
    };
  }
  return fitted;
}

const hostccOf = ({ hostcc }: ToolchainRecipe): readonly string[] => (hostcc.length > 0 ? hostcc : ['gcc']);

/** One line for each rule: its name, what it adds, where it comes from. */
export function eraLines({ rules }: Era): string[] {
  return rules.map(({ name, adds, source }) => {
    const parts = [
      ...(adds.cc === undefined ? [] : [`cc ${adds.cc.join(' ')}`]),
      ...(adds.hostcc === undefined ? [] : [`hostcc ${adds.hostcc.join(' ')}`]),
      ...(adds.ldflags === undefined ? [] : [`ld ${adds.ldflags.join(' ')}`]),
      ...Object.entries(adds.make ?? {}).map(([key, value]) => `${key}=${value}`),
      ...Object.entries(adds.copies ?? {}).map(([path, from]) => `${path} as ${from}`),
      ...[adds.patch, adds.fragment].flatMap((file) => file ?? []),
      ...Object.entries(adds.options ?? {}).map(([key, value]) => `${key}=${value}`),
    ];
    return `${name}: ${parts.join(', ')} (${source})`;
  });
}
