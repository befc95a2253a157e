/** A kernel tree in a directory without git: every file counts, by content. */

import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault, UserError } from '../../base/errors.ts';
import { findEntry, storeEntry } from '../../host/cache.ts';
import { sha256OfFiles, sha256OfParts } from '../../host/digest.ts';
import { runTool, tryTool } from '../../host/process.ts';
import { fact } from '../store.ts';
import { readFolder } from '../tree/read-folder.ts';
import type { AcquireOptions } from '../types.ts';
import type { Source } from './types.ts';
import { noSpace } from './untar.ts';

const KIND = 'directory-digest';
/** kbuild refuses a tree with these if it builds elsewhere (outputmakefile in the top Makefile). */
const BUILT_IN = ['.config', 'include/config', 'include/generated'];
/** Type, size, times, inode, mode, path and link target; each field ends in NUL. */
const FORMAT = '%y\\0%s\\0%T@\\0%C@\\0%i\\0%m\\0%P\\0%l\\0';
const FIELDS = 8;
const SETTLED_S = 3;

export async function plainSource(path: string, options: AcquireOptions): Promise<Source> {
  for (const name of BUILT_IN) {
    if ((await lstat(join(path, name)).catch(() => undefined)) !== undefined) {
      throw new UserError(
        `${path} has been built in: it has ${name}`,
        `run "make -C ${path} mrproper", or build it with O= elsewhere`,
      );
    }
  }
  const digest = await digestOf(path, options);
  return {
    digest,
    label: path,
    read: readFolder(path),
    unpack: async (into) => {
      const result = await tryTool(
        'cp',
        ['-R', '--no-dereference', '--preserve=mode,timestamps,links', '--reflink=auto', `${path}/.`, into],
        {
          env: { LC_ALL: 'C' },
        },
      );
      if (/No space left/.test(result.stderr)) throw noSpace(`to copy ${path}`);
      if (result.exitCode !== 0) {
        throw new HostFault('tool-failed', `cannot copy ${path}: ${result.stderr.trim().split('\n')[0]}`);
      }
      if ((await digestOf(path, options)) !== digest) {
        throw new UserError(`${path} changed while it was copied`, 'try again when nobody writes to it');
      }
    },
  };
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
