/** The files of a user's test as they lie in the guest: read here, run only there. */
import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { pathsBelow, readBelow, readNamed } from '../host/inside.ts';
import type { TestSpec } from '../matrix/types.ts';
import type { Entry } from './cpio.ts';
import { isElf, readElf } from './elf.ts';
import { buildSelftest } from './selftest.ts';

/** All files of one test; the guest's memory holds them twice while it boots. */
const BYTES_MAX = 32 * 1024 * 1024;
const FILES_MAX = 1000;
/** Where this host keeps its libraries (ld.so(8)), and Debian's places for them. */
const LIBRARY_FOLDERS = [
  '/lib',
  '/usr/lib',
  '/usr/local/lib',
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/local/lib/x86_64-linux-gnu',
  '/lib64',
  '/usr/lib64',
];
/** The shells of the guest's busybox, and env for one of them. */
const SHELLS = /^#!\s*(?:\/(?:usr\/)?bin\/(?:sh|ash|busybox sh)|\/usr\/bin\/env (?:sh|ash))(?:\s|$)/;

export interface TestFiles {
  readonly entries: readonly Entry[];
  readonly argv: readonly string[];
  /** LD_LIBRARY_PATH of a program with libraries; else empty. */
  readonly libraryPath: string;
  /** Of all that decides what runs. */
  readonly sha256: string;
}

interface Read {
  /** Within the test's folder in the guest, or absolute. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly executable: boolean;
}

/** `home` is its folder in the guest. A relative path starts from `root`, and may not leave it. Throws UserError. */
export async function readTest(spec: TestSpec, root: string, home: string): Promise<TestFiles> {
  const { path, command, run, args, name, selftest, tree } = spec;
  const { files, isFolder } =
    path !== undefined
      ? await readFiles(name, path, spec.root ?? root)
      : { files: selftest === undefined ? [] : [await readSelftest(selftest, tree)], isFolder: false };
  const program = run ?? (isFolder ? 'run' : (files[0]?.path ?? ''));
  if (path !== undefined) checkProgram(name, path, program, files);
  const libraries = await librariesOf(name, files);
  const argv = files.length === 0 ? ['/bin/sh', '-c', command ?? ''] : [`${home}/${program}`, ...args];
  const all = [
    ...files.map((file) => ({
      ...file,
      path: `${home}/${file.path}`,
      executable: file.executable || file.path === program,
    })),
    ...libraries.map((file) => ({
      ...file,
      path: isAbsolute(file.path) ? file.path : `${home}/lib.so/${file.path}`,
    })),
  ];
  const digests = all.map((file) => [
    file.path,
    file.executable,
    createHash('sha256').update(file.bytes).digest('hex'),
  ]);
  return {
    entries: all.map(({ path: at, bytes, executable }) => ({
      path: at.slice(1),
      kind: 'file',
      mode: executable ? 0o755 : 0o644,
      bytes,
    })),
    argv,
    libraryPath: libraries.length === 0 ? '' : `${home}/lib.so`,
    sha256: createHash('sha256')
      .update(JSON.stringify([argv, spec.timeoutMs, digests]))
      .digest('hex'),
  };
}

async function readSelftest(path: string, tree: TestSpec['tree']): Promise<Read> {
  if (tree === undefined) throw new Error(`${path} has no tree`);
  return { path: basename(path), bytes: await buildSelftest(tree, path), executable: true };
}

async function readFiles(
  name: string,
  path: string,
  root: string,
): Promise<{ files: Read[]; isFolder: boolean }> {
  const full = resolve(root, path);
  let real: string;
  try {
    real = await realpath(full);
    const top = await realpath(root === '' ? '/' : root);
    if (!isAbsolute(path) && relative(top, real).split('/')[0] === '..')
      throw new UserError(`the test ${name} lies outside the folder of its matrix: ${real}`, 'copy it there');
    const isFolder = (await stat(real)).isDirectory();
    const files = isFolder
      ? await readFolder(name, real)
      : [await readOne(name, basename(full), () => readNamed(real, BYTES_MAX))];
    return { files, isFolder };
  } catch (error) {
    if (error instanceof UserError) throw error;
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new UserError(
      `the test ${name} cannot be read: ${full}: ${why}`,
      'paths start from the folder of the matrix, those of --test from the current one',
    );
  }
}

async function readOne(name: string, path: string, read: () => Promise<Buffer>): Promise<Read> {
  if (/[\0\n]/.test(path)) throw new UserError(`the test ${name} has a file with an odd name`);
  const bytes = await read();
  // What may be started, however it came here: a copy may have lost its mode.
  const executable = isElf(bytes) || bytes.toString('latin1', 0, 2) === '#!';
  return { path, bytes, executable };
}

/** Links are followed within the folder. */
async function readFolder(name: string, folder: string): Promise<Read[]> {
  const names = await pathsBelow(folder);
  if (names.length > FILES_MAX)
    throw new UserError(
      `the test ${name} has ${names.length} files; ${FILES_MAX} are the most`,
      'give a folder of its own',
    );
  const files: Read[] = [];
  let left = BYTES_MAX;
  for (const path of names) {
    const file = await readOne(name, path, () => readBelow(folder, path, left));
    left -= file.bytes.length;
    files.push(file);
  }
  return files;
}

/** What no guest could start is said before any. */
function checkProgram(name: string, path: string, program: string, files: readonly Read[]): void {
  const file = files.find((one) => one.path === program);
  if (file === undefined)
    throw new UserError(
      `the test ${name} has no file ${program} in ${path}`,
      'name the one to start: run: FILE',
    );
  if (file.bytes.length === 0) throw new UserError(`the test ${name} is an empty file: ${path}`);
  if (isElf(file.bytes)) {
    if (readElf(file.bytes) === null)
      throw new UserError(
        `the test ${name} is no program for a 64-bit x86 guest: ${path}`,
        'compile it for x86-64, best with -static',
      );
    return;
  }
  const first = file.bytes.subarray(0, 200).toString('latin1').split('\n')[0] ?? '';
  if (!first.startsWith('#!'))
    throw new UserError(
      `the test ${name} is neither an ELF program nor a script that begins with #!: ${path}`,
      'begin it with #!/bin/sh',
    );
  const own = files.some((one) => one.path === first.replace(/^#!\s*\.\//, '').split(/\s/)[0]);
  if (!SHELLS.test(first) && !own)
    throw new UserError(
      `the test ${name} needs ${first.slice(2).trim()}, which the guest does not have: ${path}`,
      'its shell is busybox: #!/bin/sh',
    );
}

/** What the programs of a test need of this host's libraries, and their loader, found by name and never by running anything. */
async function librariesOf(name: string, files: readonly Read[]): Promise<Read[]> {
  const own = new Set(files.map(({ path }) => basename(path)));
  const found = new Map<string, Read>();
  const add = async (bytes: Buffer): Promise<void> => {
    const needs = readElf(bytes);
    const { interpreter, libraries } = needs ?? { interpreter: null, libraries: [] };
    if (interpreter !== null && !found.has(interpreter)) {
      const file = LIBRARY_FOLDERS.includes(dirname(interpreter)) ? await readLibrary(interpreter) : null;
      if (file === null)
        throw new UserError(
          `the test ${name} needs the loader ${interpreter}, which this host does not have`,
          'link it with -static',
        );
      found.set(interpreter, { path: interpreter, bytes: file, executable: true });
    }
    for (const library of libraries) {
      if (found.has(library) || own.has(library) || library.includes('/')) continue;
      const file = await findLibrary(library);
      if (file === null)
        throw new UserError(
          `the test ${name} needs the library ${library}, which this host does not have`,
          'link it with -static, or put it into the folder of the test',
        );
      found.set(library, { path: library, bytes: file, executable: false });
      await add(file);
    }
  };
  for (const { bytes } of files) if (isElf(bytes)) await add(bytes);
  const loaders = [...found.values()]
    .filter(({ path }) => isAbsolute(path))
    .map(({ path }) => basename(path));
  return [...found.values()].filter(({ path }) => isAbsolute(path) || !loaders.includes(path));
}

async function findLibrary(name: string): Promise<Buffer | null> {
  for (const folder of LIBRARY_FOLDERS) {
    const bytes = await readLibrary(join(folder, name));
    if (bytes !== null && readElf(bytes) !== null) return bytes;
  }
  return null;
}

async function readLibrary(path: string): Promise<Buffer | null> {
  return readNamed(path, BYTES_MAX).catch(() => null);
}
