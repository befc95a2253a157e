/** A pasted log of any size, from wherever it comes, to the facts of one boot. */
import { UserError } from '../base/errors.ts';
import { type Facts, factsOf } from '../evidence/facts.ts';
import { collectLines } from '../evidence/pasted/collect.ts';
import { type Pasted, readPasted } from '../evidence/pasted/read-pasted.ts';
import { textChunks } from '../host/text-input.ts';

export interface PastedFacts {
  readonly facts: Facts;
  readonly pasted: Pasted;
}

export interface ReadOptions {
  /** For messages. */
  readonly name: string;
  /** Which boot of the text, from 1; negative from the end; null for the last. */
  readonly boot?: number | null;
}

/** No log at all: what is said comes from options. */
export const NOTHING: PastedFacts = (() => {
  const pasted = readPasted([]);
  return { pasted, facts: factsOf(pasted.lines) };
})();

/** Throws UserError where the text cannot be read, is no text, is empty, or has no such boot. */
export async function readText(
  source: string | AsyncIterable<Uint8Array | string> | Iterable<Uint8Array>,
  { name, boot = null }: ReadOptions,
): Promise<PastedFacts> {
  const collector = collectLines();
  for await (const chunk of textChunks(source, name)) collector.push(chunk);
  const { lines, omitted, isBlank } = collector.end();
  if (isBlank) throw new UserError(`${name} is empty`, 'Reading the kernel log may need root: sudo dmesg');
  const pasted = readPasted(lines, boot);
  const { count } = pasted.boots;
  if (boot !== null && (boot === 0 || Math.abs(boot) > count))
    throw new UserError(
      `--boot ${boot}: ${name} holds ${count} ${count === 1 ? 'boot' : 'boots'}`,
      `give 1 to ${count}, or -1 for the last`,
    );
  return { pasted, facts: factsOf(pasted.lines, omitted) };
}
