/** `--kernels`: kernels that were built before, in the order in which they are searched. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { acquireKernel, type KernelImage } from '../kernel/acquire.ts';
import type { AcquireOptions } from '../kernel/types.ts';
import { kernelSchema, kernelSource } from '../matrix/kernel-schema.ts';
import { loadMatrix } from '../matrix/load.ts';
import type { KernelEntry } from '../matrix/types.ts';

const FORMS =
  'debian:PACKAGE@SUITE,SUITE; a folder of .deb, .rpm or bzImage; a kernel each; or MATRIX.yaml for its kernels';

/**
 * The kernels that the words name. If all is given by one word (a folder, a package over suites) they are sorted by
 * version; several words are the user's own order. Throws UserError for what is no kernel.
 */
export async function listKernels(words: readonly string[], options: AcquireOptions): Promise<KernelEntry[]> {
  const lists = await Promise.all(words.map((word) => entriesOf(word)));
  const entries = lists.flatMap(({ list }) => list);
  const sorted = lists.length === 1 && lists[0]?.sorted === true;
  const ordered = sorted ? await sortByVersion(entries, options) : entries;
  if (ordered.length < 2) {
    throw new UserError(
      `--kernels ${words.join(' --kernels ')}: ${ordered.length} kernels are no range`,
      FORMS,
    );
  }
  const names = new Map<string, number>();
  return ordered.map((entry) => {
    const count = (names.get(entry.name) ?? 0) + 1;
    names.set(entry.name, count);
    return count === 1 ? entry : { ...entry, name: `${entry.name}-${count}` };
  });
}

interface Listed {
  readonly list: readonly KernelEntry[];
  /** Its order means nothing: sort it. */
  readonly sorted: boolean;
}

async function entriesOf(word: string): Promise<Listed> {
  const debian = /^debian:([^@]+)@(.+)$/.exec(word);
  if (debian !== null) {
    const [, name = '', suites = ''] = debian;
    const list = suites.split(',').map((suite) => entryOf(`${name}@${suite}`, { debian: name, suite }));
    return { list, sorted: true };
  }
  const found = await stat(word).catch(() => undefined);
  if (found?.isDirectory()) return { list: await inFolder(word), sorted: true };
  if (/\.ya?ml$/.test(word)) return { list: (await loadMatrix(word)).kernels, sorted: false };
  if (word.startsWith('debian:')) {
    const name = word.slice('debian:'.length);
    return { list: [entryOf(name, { debian: name })], sorted: false };
  }
  if (found === undefined) throw new UserError(`--kernels ${word}: there is no such file or folder`, FORMS);
  return { list: [fileEntry(word)], sorted: false };
}

/** Everything in a folder that may be a kernel; what is none is said when it is read. */
async function inFolder(folder: string): Promise<KernelEntry[]> {
  const names = (await readdir(folder)).filter((name) => /\.(?:deb|rpm)$|^(?:bzImage|vmlinuz)/.test(name));
  const list = names.map((name) => fileEntry(join(folder, name)));
  if (list.length > 0) return list;
  throw new UserError(`--kernels ${folder}: no .deb, .rpm, bzImage* or vmlinuz* in it`, FORMS);
}

function fileEntry(path: string): KernelEntry {
  const kind = /\.(deb|rpm)$/.exec(path)?.[1] ?? 'image';
  return entryOf(basename(path), { [kind]: resolve(path) });
}

function entryOf(name: string, keys: Readonly<Record<string, string>>): KernelEntry {
  const checked = kernelSchema.safeParse(keys);
  if (!checked.success) {
    const faults = checked.error.issues.map(({ message }) => message).join('; ');
    throw new UserError(`--kernels ${name}: ${faults}`, FORMS);
  }
  return { name, source: kernelSource(checked.data, process.cwd()) };
}

/** By the release that the image itself names; packages of one release (a rebuild, a security update) by file name. */
async function sortByVersion(
  entries: readonly KernelEntry[],
  options: AcquireOptions,
): Promise<KernelEntry[]> {
  const images: (readonly [KernelEntry, KernelImage])[] = [];
  for (const entry of entries) images.push([entry, await acquireKernel(entry, options)]);
  const compare = ([one, a]: (typeof images)[0], [other, b]: (typeof images)[0]): number =>
    compareReleases(a.release, b.release) || compareReleases(one.name, other.name);
  return images.sort(compare).map(([entry]) => entry);
}

/** 6.1.0-9 before 6.1.0-10 before 6.10, and 6.2-rc3 before 6.2. */
export function compareReleases(a: string, b: string): number {
  const parts = (release: string): string[] =>
    (release.split(' ')[0] ?? '').replace(/[-~]rc(?=\d)/, '~').match(/\d+|[^\d.-]+/g) ?? [];
  const [left, right] = [parts(a), parts(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const [one, other] = [left[at], right[at]];
    if (one === other) continue;
    // As dpkg orders them: a tilde comes before everything, the end of the name included.
    if (one === '~' || other === '~') return one === '~' ? -1 : 1;
    if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
    const difference = Number(one) - Number(other);
    if (Number.isNaN(difference)) return one < other ? -1 : 1;
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}
