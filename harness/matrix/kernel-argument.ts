/** A kernel as one names it on the command line. */
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { suggestion } from '../base/suggest.ts';
import { isMatrixPath } from './builtin.ts';
import { kernelSchema, kernelSource } from './kernel-schema.ts';
import { loadMatrix } from './load.ts';
import type { KernelEntry } from './types.ts';

const HINT =
  'a bzImage or vmlinuz, a kernel tree, a .deb or .rpm (path, or URL with --sha256), or debian:PACKAGE or debian:PACKAGE@SUITE';
const DEBIAN = /^debian:([^@]*)(?:@(.*))?$/;

/** The same keys as under `kernels` in a matrix. */
function keysOf(text: string): Record<string, unknown> {
  const debian = DEBIAN.exec(text);
  if (debian !== null) {
    return { debian: debian[1] ?? '', ...(debian[2] === undefined ? {} : { suite: debian[2] }) };
  }
  if (existsSync(join(text, 'Makefile'))) return { source: { directory: text } };
  const kind = /\.(deb|rpm)(?:$|[?#])/i.exec(text)?.[1]?.toLowerCase() ?? 'image';
  return { [kind]: text };
}

/** What the cell is called: the file's name, or the package and its suite. */
function nameOf(text: string): string {
  const debian = DEBIAN.exec(text);
  if (debian !== null) return [debian[1], debian[2]].filter((part) => part !== undefined).join('@');
  const path = /^https?:\/\//i.test(text) ? new URL(text).pathname : resolve(text);
  return basename(path);
}

/** A path (of an image, a package, a tree), a URL of a package, or debian:PACKAGE[@SUITE]; relative paths start from the current folder. */
export function kernelArgument(text: string, sha256?: string): KernelEntry {
  const source = kernelSource(checkedKeys(text, sha256), process.cwd());
  return { name: nameOf(text), source };
}

/** The keys by which a matrix names that kernel, wherever the matrix lies. Throws UserError as kernelArgument() does. */
export function kernelKeys(text: string, sha256?: string): Record<string, unknown> {
  const { debian, suite, deb, rpm, image, source, sha256: digest } = checkedKeys(text, sha256);
  const placed = {
    debian,
    suite,
    deb: absolute(deb),
    rpm: absolute(rpm),
    image: absolute(image),
    source: source && { ...source, directory: absolute(source.directory) },
    sha256: digest,
  };
  return Object.fromEntries(
    Object.entries(placed).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

const absolute = (place: string | undefined): string | undefined =>
  place === undefined || /^https?:/i.test(place) ? place : resolve(place);

function checkedKeys(text: string, sha256: string | undefined) {
  const keys = { ...keysOf(text), ...(sha256 === undefined ? {} : { sha256 }) };
  const checked = kernelSchema.safeParse(keys);
  if (!checked.success) {
    const faults = checked.error.issues.map(({ path, message }) => [...path, message].join(' '));
    throw new UserError(`the kernel ${JSON.stringify(text)}: ${[...new Set(faults)].join('; ')}`, HINT);
  }
  return checked.data;
}

/** A kernel as kernelArgument() takes it, or MATRIX.yaml#NAME for one that a matrix names. */
export async function kernelEntry(text: string): Promise<KernelEntry> {
  const [path = '', name] = text.split('#');
  if (name === undefined || !isMatrixPath(path)) return kernelArgument(text);
  return namedKernel(path, name);
}

/** Throws MatrixError if the matrix is wrong, UserError if it has no such kernel. */
export async function namedKernel(path: string, name: string): Promise<KernelEntry> {
  const { kernels } = await loadMatrix(path);
  const entry = kernels.find((one) => one.name === name);
  if (entry !== undefined) return entry;
  const names = kernels.map((one) => one.name);
  throw new UserError(`${path} has no kernel ${name}`, suggestion(name, names));
}
