/** What a confined program sees of the host: its programs and their settings, read-only; no home, no other files. */
import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

export type Part =
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  /** A folder or a file as it is, which cannot be written. */
  | { readonly kind: 'read'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string };

export interface Wanted {
  readonly path: string;
  /** Programs that may be named by an absolute path, if their own libraries lie beside them. */
  readonly programs: readonly string[];
  readonly read: readonly string[];
  readonly write: readonly string[];
}

/** What programs are made of, where a distribution puts it. */
const PROGRAMS = [
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/usr',
  '/opt',
  '/nix/store',
  '/gnu/store',
];
/** And of their settings what compilers and scripts read: not the host's passwords and keys, which are in /etc too. */
const SETTINGS = ['alternatives', 'group', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'localtime']
  .concat(['nsswitch.conf', 'passwd', 'perl', 'ssl/openssl.cnf'])
  .map((name) => `/etc/${name}`);

/** Links, what is read, what is written; of each, what lies in another follows it. */
export async function viewOf(wanted: Wanted): Promise<Part[]> {
  const parts: Part[] = [];
  for (const path of [...PROGRAMS, ...SETTINGS]) {
    const found = await lstat(path).catch(() => null);
    if (found?.isSymbolicLink()) parts.push({ kind: 'link', path, target: await readlink(path) });
    else if (found !== null) parts.push({ kind: 'read', path });
  }
  const shown = parts.filter(({ kind }) => kind === 'read').map(({ path }) => path);
  const isShown = (path: string): boolean => shown.some((one) => path === one || path.startsWith(`${one}/`));
  const named = wanted.programs.filter((program) => program.startsWith('/')).map(homeOf);
  const folders = [
    ...wanted.path.split(':').filter((each) => each.startsWith('/')),
    ...named,
    ...wanted.read,
  ];
  for (const folder of new Set(folders)) {
    const real = await realpath(folder).catch(() => null);
    if (real === null || isShown(real) || !(await stat(real)).isDirectory()) continue;
    parts.push({ kind: 'read', path: folder });
  }
  const byDepth = (of: readonly Part[]) =>
    [...of].sort((a, b) => a.path.split('/').length - b.path.split('/').length);
  return [
    ...parts.filter(({ kind }) => kind === 'link'),
    ...byDepth(parts.filter(({ kind }) => kind === 'read')),
    ...byDepth(wanted.write.map((path) => ({ kind: 'write', path }))),
  ];
}

/** /x/gcc-4.8 of /x/gcc-4.8/bin/gcc: a compiler finds its parts from its own place. */
function homeOf(program: string): string {
  const folder = dirname(program);
  return basename(folder) === 'bin' && dirname(folder) !== '/' ? dirname(folder) : folder;
}
