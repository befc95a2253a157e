/** A pasted log of any size, from wherever it comes, to the facts of one boot. */
import { UserError } from '../base/errors.ts';
import { type Facts, factsOf } from '../evidence/facts.ts';
import { type Collected, collectLines } from '../evidence/pasted/collect.ts';
import { type Pasted, readPasted } from '../evidence/pasted/read-pasted.ts';
import { isTar, tarEntries } from '../host/tar-entries.ts';
import { type ByteSource, decoded, unpackedChunks } from '../host/text-input.ts';
import { type FoundFiles, findLogs, folderFiles, isFolder } from './find-log.ts';

export interface PastedFacts {
  readonly facts: Facts;
  readonly pasted: Pasted;
  /** Of a folder or an archive: what was read of it, and what its sysfs said. */
  readonly found?: string;
  readonly available?: string | null;
  readonly current?: string | null;
}

interface ReadOptions {
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

/**
 * A path may be that of a folder, and bytes those of a tar archive: then the kernel log is looked for in it. Throws UserError
 * where the text cannot be read, is no text, is empty, or has no such boot.
 */
export async function readText(source: ByteSource, { name, boot = null }: ReadOptions): Promise<PastedFacts> {
  if (typeof source === 'string' && (await isFolder(source)))
    return bestLog(await findLogs(folderFiles(source), name), name, boot);
  const { head, chunks } = await peek(unpackedChunks(source, name));
  if (isTar(head)) return bestLog(await findLogs(tarEntries(chunks, name), name), name, boot);
  const collector = collectLines();
  for await (const chunk of decoded(chunks)) collector.push(chunk);
  return factsOfBoot(collector.end(), name, boot);
}

function factsOfBoot({ lines, omitted, isBlank }: Collected, name: string, boot: number | null): PastedFacts {
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

/** The likeliest log that goes back to its boot; else the likeliest that speaks of clocks at all. */
function bestLog(
  { logs, available, current, aside, problems }: FoundFiles,
  name: string,
  boot: number | null,
): PastedFacts {
  const read = logs.map(({ path, collected }) => ({
    path,
    get: once(() => withAside(collected, aside, (text) => factsOfBoot(text, `${path} of ${name}`, boot))),
  }));
  const best =
    read.find(({ get }) => get().facts.shape.beginsAtBoot) ??
    read.find(({ get }) => get().facts.shape.kind !== 'none') ??
    read[0];
  if (best === undefined) throw new Error('findLogs() gives one at least');
  const others = read.filter((one) => one !== best).map(({ path }) => path);
  const also = others.length === 0 ? '' : `; also there: ${others.slice(0, 5).join(', ')}`;
  const not = problems.length === 0 ? '' : `; not read: ${problems.join('; ')}`;
  return { ...best.get(), available, current, found: `read: ${best.path}${also}${not}` };
}

/** What a log lacks, and other files of the machine say, stands below its last line. */
function withAside(
  log: Collected,
  aside: readonly string[],
  read: (log: Collected) => PastedFacts,
): PastedFacts {
  const plain = read(log);
  const { commandLine, kernel } = plain.facts;
  const more = aside.filter((line) => (line.startsWith('Linux ') ? kernel : commandLine) === null);
  const last = log.lines.at(-1)?.n ?? 0;
  const below = more.map((text, index) => ({ n: last + 1 + index, text }));
  return more.length === 0 ? plain : read({ ...log, lines: [...log.lines, ...below] });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** The first bytes, enough to know an archive by, and all of them. */
async function peek(
  source: AsyncGenerator<Uint8Array>,
): Promise<{ readonly head: Uint8Array; readonly chunks: AsyncGenerator<Uint8Array> }> {
  const first: Uint8Array[] = [];
  let size = 0;
  while (size < 512) {
    const { value, done } = await source.next();
    if (done === true) break;
    first.push(value);
    size += value.length;
  }
  const head = first.length === 1 ? (first[0] as Uint8Array) : Buffer.concat(first);
  return {
    head,
    chunks: (async function* () {
      if (head.length > 0) yield head;
      yield* source;
    })(),
  };
}
