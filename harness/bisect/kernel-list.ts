/** `--kernels`: kernels that were built before, in the order in which they are searched. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { compareDebianVersions, compareRpmParts, compareRpmVersions } from '../base/versions.ts';
import { acquireKernel } from '../kernel/acquire.ts';
import { holdsKernel } from '../kernel/package/from-package.ts';
import { packageVersion } from '../kernel/package/package-version.ts';
import type { AcquireOptions } from '../kernel/types.ts';
import { isMatrixPath } from '../matrix/builtin.ts';
import { kernelSchema, kernelSource } from '../matrix/kernel-schema.ts';
import { loadMatrix } from '../matrix/load.ts';
import type { KernelEntry, KernelSource } from '../matrix/types.ts';

const FORMS =
  'debian:PACKAGE@SUITE,SUITE; a folder of .deb, .rpm or bzImage; a kernel each; or MATRIX.yaml for its kernels';

/**
 * The kernels that the words name, in the order of the words; what one word names several of (a folder, a package over
 * suites) is sorted by version. Throws UserError for what is no kernel.
 */
export async function listKernels(words: readonly string[], options: AcquireOptions): Promise<KernelEntry[]> {
  const ordered: KernelEntry[] = [];
  for (const word of words) {
    const { list, sorted } = await entriesOf(word, options);
    ordered.push(...(sorted ? await sortByVersion(list, options) : list));
  }
  if (ordered.length < 2) {
    throw new UserError(
      `--kernels needs at least two kernels; found ${ordered.length} in ${words.join(', ')}`,
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

async function entriesOf(word: string, options: AcquireOptions): Promise<Listed> {
  const debian = /^debian:([^@]+)@(.+)$/.exec(word);
  if (debian !== null) {
    const [, name = '', suites = ''] = debian;
    const list = suites.split(',').map((suite) => entryOf(`${name}@${suite}`, { debian: name, suite }));
    return { list, sorted: true };
  }
  const found = await stat(word).catch(() => undefined);
  if (found?.isDirectory()) return { list: await inFolder(word, options), sorted: true };
  if (isMatrixPath(word)) return { list: (await loadMatrix(word)).kernels, sorted: false };
  if (word.startsWith('debian:')) {
    const name = word.slice('debian:'.length);
    return { list: [entryOf(name, { debian: name })], sorted: false };
  }
  if (found === undefined) throw new UserError(`--kernels ${word}: there is no such file or folder`, FORMS);
  return { list: [fileEntry(word)], sorted: false };
}

/** Everything in a folder that may be a kernel; of packages, those with one: modules and headers lie beside them. */
async function inFolder(folder: string, options: AcquireOptions): Promise<KernelEntry[]> {
  const list: KernelEntry[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const kind = /\.(deb|rpm)$/.exec(name)?.[1] as 'deb' | 'rpm' | undefined;
    const path = join(folder, name);
    if (kind === undefined ? !/^(?:bzImage|vmlinuz)/.test(name) : /\.src\.rpm$/.test(name)) continue;
    if (kind === undefined || (await holdsKernel(kind, path))) list.push(fileEntry(path));
    else options.onProgress?.(`${name} holds no kernel: left out`);
  }
  if (list.length > 0) return list;
  throw new UserError(
    `--kernels ${folder}: no .deb or .rpm with a kernel, bzImage* or vmlinuz* in it`,
    FORMS,
  );
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

const ORDERS: { readonly [kind in KernelSource['kind']]?: (a: string, b: string) => number } = {
  rpm: compareRpmVersions,
  deb: compareDebianVersions,
  debian: compareDebianVersions,
};

/**
 * By the version of the package where all are of one kind, as rpm or dpkg orders them; else by the release that the image
 * itself names. What is equal by that goes by its name.
 */
async function sortByVersion(
  entries: readonly KernelEntry[],
  options: AcquireOptions,
): Promise<KernelEntry[]> {
  const kinds = new Set(entries.map(({ source }) => source.kind));
  const keyed: { readonly entry: KernelEntry; readonly version: string; readonly release: string }[] = [];
  for (const entry of entries) {
    const { release } = await acquireKernel(entry, options);
    const { kind } = entry.source;
    const isPackage = kinds.size === 1 && (kind === 'deb' || kind === 'rpm');
    const version = isPackage ? await packageVersion(kind, entry.source.location) : release;
    keyed.push({ entry, version, release });
  }
  // Debian names its kernels' releases by its own rule too: 6.12.9+bpo comes before 6.12.9.
  const only = kinds.size === 1 ? [...kinds][0] : undefined;
  const order = only === undefined ? compareReleases : (ORDERS[only] ?? compareReleases);
  return keyed
    .sort(
      (a, b) =>
        order(a.version, b.version) ||
        compareReleases(a.release, b.release) ||
        compareReleases(a.entry.name, b.entry.name),
    )
    .map(({ entry }) => entry);
}

/** 6.1.0-9 before 6.1.0-10 before 6.10, 957.el7 before 957.1.3.el7 (as rpm orders them), and 6.2-rc3 before 6.2. */
export function compareReleases(a: string, b: string): number {
  const [one = '', other = ''] = [a, b].map((release) =>
    (release.split(' ')[0] ?? '').replace(/[-~]rc(?=\d)/, '~rc'),
  );
  return compareRpmParts(one, other) || (a < b ? -1 : a > b ? 1 : 0);
}
