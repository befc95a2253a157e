/** The kernels of a validation: the base as it is named, and the backport as what is put on top of it. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { readNamed } from '../host/inside.ts';
import { type GitPlace, git, tryGit } from '../kernel/tree/git.ts';
import { isMatrixPath, matrixFile } from '../matrix/builtin.ts';
import { namedKernel } from '../matrix/kernel-argument.ts';
import type { BuildSource, KernelEntry } from '../matrix/types.ts';
import { parseYaml } from '../matrix/yaml.ts';

/** A backport as a kernel to be built, and what it adds to the base. */
export interface Backport {
  readonly entry: KernelEntry;
  /** Patch files that it puts on the base, if that is what it is; null if it is a kernel of its own. */
  readonly patches: readonly string[] | null;
  /** For people: how the words were understood. */
  readonly note: string;
}

const FORMS =
  'a patch file, a folder of patches or its "series" file, SERIES.yaml#VARIANT, MATRIX.yaml#KERNEL, or a commit of the base’s repository';

/** Without a build there is nothing that a patch could be put on. */
function buildOf(base: KernelEntry, what: string): BuildSource {
  if (base.source.kind === 'build') return base.source;
  throw new UserError(
    `--base ${base.name} is not built here, so ${what} cannot be put on it`,
    'name a kernel that a matrix builds from source: --base MATRIX.yaml#KERNEL',
  );
}

function patched(name: string, base: BuildSource, patches: readonly string[], note: string): Backport {
  const source = { ...base, patches: [...base.patches, ...patches] };
  return { entry: { name, source }, patches, note };
}

/**
 * Finds out what a word on the command line means. Throws UserError if it is none of the forms, or if it cannot
 * be put on this base.
 */
export async function backportOf(text: string, base: KernelEntry, name: string): Promise<Backport> {
  const hash = text.lastIndexOf('#');
  if (hash > 0 && isMatrixPath(text.slice(0, hash)))
    return fromYaml(text.slice(0, hash), text.slice(hash + 1), base, name);
  const path = resolve(text);
  const found = await stat(path).catch(() => null);
  if (found === null) return fromRef(text, base, name);
  const build = buildOf(base, text);
  if (found.isDirectory()) {
    const files = await patchesIn(path);
    return patched(name, build, files, `${files.length} patches of ${text}`);
  }
  if (basename(path) === 'series') {
    const files = await quiltSeries(path);
    return patched(name, build, files, `${files.length} patches of ${text}`);
  }
  return patched(name, build, [path], `the patch ${text}`);
}

/** Comments and options of a patch, as quilt has them, are no part of its name. */
async function quiltSeries(path: string): Promise<string[]> {
  const names = String(await readNamed(path))
    .split('\n')
    .map(
      (line) =>
        line
          .replace(/(?:^|\s)#.*/, '')
          .trim()
          .split(/\s+/)[0] ?? '',
    )
    .filter((line) => line !== '');
  if (names.length === 0) throw new UserError(`${path} names no patch`);
  return names.map((one) => join(dirname(path), one));
}

async function patchesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  if (names.includes('series')) return quiltSeries(join(folder, 'series'));
  const patches = names.filter((one) => /\.(?:patch|diff|mbox)$/.test(one)).sort();
  if (patches.length > 0) return patches.map((one) => join(folder, one));
  throw new UserError(
    `${folder} holds neither a file "series" nor patches`,
    'patches end in .patch, .diff or .mbox, and are taken in the order of their names',
  );
}

/** A variant of a series takes the place of the base's own; a kernel of a matrix is what that matrix says. */
async function fromYaml(path: string, wanted: string, base: KernelEntry, name: string): Promise<Backport> {
  const file = matrixFile(path);
  const text = await readNamed(file).then(String, (error: Error) => {
    throw new UserError(`--backport: cannot read ${path}: ${error.message}`, FORMS);
  });
  const { value } = parseYaml(text);
  const note = `${wanted} of ${path}`;
  if (typeof value === 'object' && value !== null && 'variants' in value) {
    const build = buildOf(base, note);
    const series = { file: resolve(file), variant: wanted };
    return { entry: { name, source: { ...build, series } }, patches: null, note: `variant ${note}` };
  }
  const { source } = await namedKernel(path, wanted);
  return { entry: { name, source }, patches: null, note };
}

/** A commit on top of the base is built as it is; one that is not is picked onto the base. */
async function fromRef(text: string, base: KernelEntry, name: string): Promise<Backport> {
  if (base.source.kind !== 'build' || base.source.tree.kind !== 'git')
    throw new UserError(`--backport ${text}: there is no such file`, `what it can be: ${FORMS}`);
  const { source } = base;
  const { location, ref } = source.tree as { readonly location: string; readonly ref: string };
  const place: GitPlace = { repository: location };
  const verify = ['rev-parse', '--verify', '--quiet', '--end-of-options'];
  const found = await tryGit(place, [...verify, `${text}^{commit}`]);
  if (found.exitCode !== 0) {
    throw new UserError(
      `--backport ${text}: neither a file nor a commit of ${location}`,
      `what it can be: ${FORMS}`,
    );
  }
  const commit = found.stdout.trim();
  const short = commit.slice(0, 12);
  const title = (await git(place, ['show', '-s', '--format=%s', commit])).trim();
  const isOnTop =
    (await tryGit(place, ['merge-base', '--is-ancestor', '--end-of-options', ref, commit])).exitCode === 0;
  if (isOnTop) {
    const tree = { kind: 'git', location, ref: commit } as const;
    const note = `${short} ("${title}"), which has ${ref} in its past`;
    return { entry: { name, source: { ...source, tree } }, patches: null, note };
  }
  const cherryPick = [...source.cherryPick, commit];
  const note = `${short} ("${title}") picked onto ${ref}`;
  return { entry: { name, source: { ...source, cherryPick } }, patches: null, note };
}
