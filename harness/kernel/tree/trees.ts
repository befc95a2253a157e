/** Unpacked sources in the cache: one for each source digest, never changed after it came to be. */
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { withTemporary } from '../../host/cache.ts';
import { runTool } from '../../host/process.ts';
import { treeFolder } from '../make/paths.ts';
import { oneAtATime } from '../store.ts';
import type { AcquireOptions } from '../types.ts';
import type { Source } from './types.ts';
import { noSpace } from './untar.ts';

interface TreeNote {
  readonly label: string;
  readonly bytes: number;
}

const NOTE = 'tree.json';

/** The folder of the unpacked source; unpacks it if it is not there yet. */
export async function ensureTree(source: Source, options: AcquireOptions): Promise<string> {
  const folder = treeFolder(options.cache, source.digest);
  const tree = join(folder, 'tree');
  const there = async () => (await readTreeNote(folder)) !== undefined;
  if (!(await there())) {
    await oneAtATime(`tree ${source.digest}`, source.label, options, async () => {
      if (!(await there())) await unpackTree(source, folder, options);
    });
  }
  const now = new Date();
  await utimes(join(folder, NOTE), now, now); // Pruning goes by it.
  return tree;
}

export async function readTreeNote(folder: string): Promise<TreeNote | undefined> {
  const text = await readFile(join(folder, NOTE), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as TreeNote);
}

async function unpackTree(source: Source, folder: string, options: AcquireOptions): Promise<void> {
  options.onProgress?.(`unpacking ${source.label}`);
  await withTemporary(options.cache, async (scratch) => {
    const unpacked = join(scratch, 'unpacked');
    const made = join(scratch, 'made');
    try {
      await mkdir(unpacked);
      await mkdir(made);
      await source.unpack(unpacked);
      await rename(await topOf(unpacked, source.label), join(made, 'tree'));
      const note: TreeNote = { label: source.label, bytes: await diskBytes(made) };
      await writeFile(join(made, NOTE), `${JSON.stringify(note)}\n`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw noSpace(`to unpack ${source.label}`);
      throw error;
    }
    await mkdir(join(folder, '..'), { recursive: true });
    await rm(folder, { recursive: true, force: true });
    await rename(made, folder);
  });
}

/** The kernel's tree in what was unpacked: all of it, or its only folder. */
async function topOf(unpacked: string, label: string): Promise<string> {
  const names = await readdir(unpacked);
  // Left beside the tree by git archive and by some packers.
  const [only, ...others] = names.filter((name) => name !== 'pax_global_header');
  const candidates =
    only !== undefined && others.length === 0 ? [join(unpacked, only), unpacked] : [unpacked];
  for (const candidate of candidates) {
    const parts = ['Makefile', 'Kconfig'].map((name) => stat(join(candidate, name)));
    if ((await Promise.allSettled(parts)).every(({ status }) => status === 'fulfilled')) return candidate;
  }
  throw new UserError(`${label} holds no kernel tree: there is no Makefile with a Kconfig beside it`);
}

/** What a folder takes on disk; hard links count once. */
export async function diskBytes(...folders: string[]): Promise<number> {
  const { stdout } = await runTool('du', ['--summarize', '--total', '--block-size=1', '--', ...folders], {
    env: { LC_ALL: 'C' },
  });
  return Number(/^(\d+)\ttotal$/m.exec(stdout)?.[1] ?? 0);
}
