/** A kernel tree in a directory without git: every file counts, by content. */

import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault, UserError } from '../../base/errors.ts';
import { findEntry, storeEntry } from '../../host/cache.ts';
import { sha256OfFiles, sha256OfParts } from '../../host/digest.ts';
import { runTool, tryTool } from '../../host/process.ts';
import { fact } from '../store.ts';
import type { AcquireOptions } from '../types.ts';
import { readFolder } from './read-folder.ts';
import type { Source } from './types.ts';
import { noSpace } from './untar.ts';

const KIND = 'directory-digest';
/** kbuild refuses a tree with these if it builds elsewhere (outputmakefile in the top Makefile). */
const BUILT_IN = ['.config', 'include/config', 'include/generated'];
/** Type, size, times, inode, mode, path and link target; each field ends in NUL. */
const FORMAT = '%y\\0%s\\0%T@\\0%C@\\0%i\\0%m\\0%P\\0%l\\0';
const FIELDS = 8;
const SETTLED_S = 3;

/** By what a tree shows that it was built in; undefined if it does not. */
export async function builtIn(tree: string): Promise<string | undefined> {
  for (const name of BUILT_IN)
    if ((await lstat(join(tree, name)).catch(() => undefined)) !== undefined) return name;
  return undefined;
}

export async function plainSource(path: string, options: AcquireOptions): Promise<Source> {
  const mark = await builtIn(path);
  if (mark !== undefined)
    throw new UserError(
      `${path} has been built in: it has ${mark}`,
      `run "make -C ${path} mrproper", or build it with O= elsewhere`,
    );
  const digest = await digestOf(path, options);
  return {
    digest,
    label: path,
    read: readFolder(path),
    unpack: async (into) => {
      await copyTree(path, into);
      if ((await digestOf(path, options)) !== digest) {
        throw new UserError(`${path} changed while it was copied`, 'try again when nobody writes to it');
      }
    },
  };
}

/** Copies what is in a folder into another one, which may be there already. */
export async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const result = await tryTool(
    'cp',
    ['-R', '--no-dereference', '--preserve=mode,timestamps,links', '--reflink=auto', `${from}/.`, to],
    { env: { LC_ALL: 'C' } },
  );
  if (/No space left|Disk quota/.test(result.stderr)) throw noSpace(`to copy ${from}`);
  if (result.exitCode !== 0)
    throw new HostFault('tool-failed', `cannot copy ${from}: ${result.stderr.trim().split('\n')[0]}`);
}

/** The listing with times and inodes is the key to the digest of the contents, which takes seconds to find. */
async function digestOf(path: string, options: AcquireOptions): Promise<string> {
  const listing = await runTool('find', ['.', '-mindepth', '1', '-printf', FORMAT], {
    cwd: path,
    env: { LC_ALL: 'C', TZ: 'UTC' },
  });
  const files = parseListing(listing.stdout);
  const key = sha256OfParts({ path, listing: files.map((file) => JSON.stringify(file)).join('\n') });
  const entry = await findEntry(options.cache, KIND, key);
  const known = entry && fact(entry, 'digest');
  if (known !== undefined) return known;
  options.onProgress?.(`reading ${path}`);
  const hash = createHash('sha256');
  const regular = files.filter(({ type }) => type === 'f');
  const contents = sha256OfFiles(
    regular.map((file) => ({ path: join(path, file.path), bytes: Number(file.size) })),
  );
  for (const file of files) {
    const content = file.type === 'f' ? (await contents.next()).value : file.target;
    const executable = file.type === 'f' && (Number.parseInt(file.mode, 8) & 0o100) !== 0;
    hash.update(JSON.stringify([file.path, file.type, executable, content]));
  }
  const digest = hash.digest('hex');
  const newest = Math.max(0, ...files.map((file) => Number(file.changed)));
  if (Date.now() / 1000 - newest > SETTLED_S) {
    await storeEntry(options.cache, { kind: KIND, key, facts: { digest, path } });
  }
  return digest;
}

interface Listed {
  readonly type: string;
  readonly size: string;
  readonly modified: string;
  readonly changed: string;
  readonly inode: string;
  readonly mode: string;
  readonly path: string;
  readonly target: string;
}

/** Sorted by path. A folder has no content, and its times change with every editor's backup file. */
function parseListing(text: string): Listed[] {
  const fields = text.split('\0');
  const files: Listed[] = [];
  for (let at = 0; at + FIELDS <= fields.length; at += FIELDS) {
    const [type = '', size = '', modified = '', changed = '', inode = '', mode = '', path = '', target = ''] =
      fields.slice(at, at + FIELDS);
    if (type === 'd') continue;
    files.push({ type, size, modified, changed, inode, mode, path, target });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
