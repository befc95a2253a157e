/**
 * What a QEMU that runs as another user is lent: the program, kernels and firmware that lie where that user cannot go, such as a
 * cache below /root. It gets open descriptors, and links to them in the folder that it runs in; the launch and the record keep the paths.
 */
import { chmod, cp, type FileHandle, open, readdir, realpath, stat, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isOpenToAll, isReadableByAll } from '../host/confine/privileges.ts';
import type { Launch } from './types.ts';

export interface LentLaunch extends Pick<Launch, 'qemu' | 'argv' | 'environment'> {
  /** To be passed on, from the descriptor `firstFd` on; closed when QEMU has been started. */
  readonly lent: { readonly fds: readonly number[]; close(): Promise<void> };
}

/** A file is a whole word of a launch, or what an fw_cfg item is filled from. */
const NAMES_FILE = /^(name=[^,]+,file=)?(\/.*)$/s;

/** Makes the links in `folder`. What is not there is left for QEMU to complain about. */
export async function lend(
  { qemu, argv, environment = {} }: Launch,
  folder: string,
  firstFd: number,
): Promise<LentLaunch> {
  const handles: FileHandle[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(handles.map((handle) => handle.close()));
  };
  const lendFile = async (path: string, name: string): Promise<string> => {
    const real = await realpath(path).catch(() => null);
    if (real === null || (await isOpenToAll(real))) return path;
    const there = join(folder, name);
    if (await isReadableByAll(real)) {
      await symlink(`/proc/self/fd/${firstFd + handles.length}`, there);
      handles.push(await open(real, 'r'));
    } else await copyForAll(real, there);
    return `./${name}`;
  };
  const lendWord = async (word: string, index: number): Promise<string> => {
    const [, item, path] = NAMES_FILE.exec(word) ?? [];
    if (path === undefined) return word;
    // A comma within a value of QEMU's options is written twice.
    const real = item === undefined ? path : path.replaceAll(',,', ',');
    const given = await lendFile(real, `${index}-${basename(real).replaceAll(/[^\w.-]/g, '_')}`);
    return given === real ? word : `${item ?? ''}${given}`;
  };
  try {
    const words: string[] = [];
    for (const word of [...argv, ...Object.values(environment)])
      words.push(await lendWord(word, words.length));
    const values = words.splice(argv.length);
    return {
      // By its own name, for whoever looks at the host's processes.
      qemu: qemu.startsWith('/') ? await lendFile(qemu, basename(qemu)) : qemu,
      argv: words,
      environment: Object.fromEntries(Object.keys(environment).map((name, at) => [name, values[at] ?? ''])),
      lent: { fds: handles.map(({ fd }) => fd), close },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What only its owner may read, such as somebody's own kernel, is copied; the folder is the other user's alone. */
async function copyForAll(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true });
  const names = (await stat(to)).isDirectory() ? await readdir(to, { recursive: true }) : [];
  for (const path of [to, ...names.map((name) => join(to, name))]) await chmod(path, 0o755);
}
