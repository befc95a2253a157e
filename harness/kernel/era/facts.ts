/** What a tree and the tools on this machine are like, as answers to questions that the rules ask. */
import { findEntry, storeEntry } from '../../host/cache.ts';
import { sha256OfParts } from '../../host/digest.ts';
import { fact } from '../store.ts';
import { readFolder } from '../tree/read-folder.ts';
import { ensureTree } from '../tree/trees.ts';
import type { Source } from '../tree/types.ts';
import type { AcquireOptions } from '../types.ts';

/** Major and minor version of the programs; null for another compiler or linker. */
export interface Tools {
  readonly gcc: readonly [number, number] | null;
  readonly binutils: readonly [number, number] | null;
}

/** Asked of a file of the tree. `lacks` is met by a file that is there alone: what is no kernel tree meets nothing. */
export type Condition =
  | { readonly file: string; readonly has: RegExp }
  | { readonly file: string; readonly lacks: RegExp }
  | { readonly absent: string }
  | { readonly present: string }
  | { readonly gcc: number }
  | { readonly binutils: readonly [number, number] };

/** Each question's answer. */
export type Facts = ReadonlyMap<string, boolean>;

/** By the first lines of --version: "gcc (Debian 12.2.0-14) 12.2.0", "GNU ld (GNU Binutils for Debian) 2.40". */
export function toolsOf(compiler: string, linker: string): Tools {
  const version = (text: string, other: RegExp): [number, number] | null => {
    const found = other.test(text) ? null : /\s(\d+)\.(\d+)/.exec(text.replace(/\([^()]*\)/g, ''));
    return found === null ? null : [Number(found[1]), Number(found[2])];
  };
  return { gcc: version(compiler, /clang/i), binutils: version(linker, /LLD/) };
}

const fileOf = (condition: Condition): string | null =>
  'file' in condition
    ? condition.file
    : 'absent' in condition
      ? condition.absent
      : 'present' in condition
        ? condition.present
        : null;

const questionOf = (condition: Condition): string =>
  JSON.stringify(condition, (_, value: unknown) => (value instanceof RegExp ? String(value) : value));

/** Whether all conditions are met. */
export function areMet(conditions: readonly Condition[], facts: Facts, tools: Tools): boolean {
  return conditions.every((condition) => {
    if ('gcc' in condition) return tools.gcc !== null && tools.gcc[0] >= condition.gcc;
    if ('binutils' in condition) {
      const [major, minor] = condition.binutils;
      const found = tools.binutils;
      return found !== null && (found[0] > major || (found[0] === major && found[1] >= minor));
    }
    return facts.get(questionOf(condition)) === true;
  });
}

/** Answers from the files' contents; null for a file that the tree does not have. */
export function answer(
  conditions: readonly Condition[],
  files: ReadonlyMap<string, string | null>,
): Map<string, boolean> {
  const answers = new Map<string, boolean>();
  for (const condition of conditions) {
    const text = files.get(fileOf(condition) ?? '') ?? null;
    if ('has' in condition) answers.set(questionOf(condition), text !== null && condition.has.test(text));
    else if ('lacks' in condition)
      answers.set(questionOf(condition), text !== null && !condition.lacks.test(text));
    else if ('absent' in condition) answers.set(questionOf(condition), text === null);
    else if ('present' in condition) answers.set(questionOf(condition), text !== null);
  }
  return answers;
}

const KIND = 'tree-facts';

/** The answers for a source; they are kept, because a tree in the cache may be gone when its kernels are not. */
export async function factsOf(
  source: Source,
  conditions: readonly Condition[],
  options: AcquireOptions,
): Promise<Facts> {
  const asked = conditions.filter((condition) => fileOf(condition) !== null);
  const key = sha256OfParts({ source: source.digest, questions: asked.map(questionOf).join('\n') });
  const entry = await findEntry(options.cache, KIND, key);
  const known = entry && fact(entry, 'answers');
  if (known !== undefined) return new Map(JSON.parse(known) as [string, boolean][]);
  const read = source.read ?? readFolder(await ensureTree(source, options));
  const answers = answer(asked, await read([...new Set(asked.flatMap((one) => fileOf(one) ?? []))]));
  await storeEntry(options.cache, { kind: KIND, key, facts: { answers: JSON.stringify([...answers]) } });
  return answers;
}
