/**
 * A git history on the real linux-source-6.1: a hundred commits, most of which change something else. git fast-import
 * writes it as one pack in some seconds; directories that the guest's configuration does not build are left out, but for
 * what kbuild reads of them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { openCache, withTemporary } from '../../harness/host/cache.ts';
import { imagesFolder } from '../../harness/host/project.ts';
import { applyPatches } from '../../harness/kernel/patch/apply.ts';
import { readSeries } from '../../harness/kernel/patch/series.ts';
import { git } from '../kernel-build/fake-tree.ts';
import { linuxTree, smallTreeFiles } from '../support/linux-tree.ts';

export const COMMITS = 100;
export const BREAKS = 23;
export const REPAIRS = 81;
/** They do not compile; a search from 12 to 54 begins there. */
const BROKEN_BUILD = [31, 32, 33, 34];

/** Compiled into the guest's kernel. */
const BUILT = [
  'kernel/fork.c',
  'mm/vmalloc.c',
  'lib/string.c',
  'fs/namei.c',
  'drivers/acpi/osl.c',
  'kernel/time/time.c',
];
/** In the tree, and not compiled. */
const NOT_BUILT = ['fs/minix/dir.c', 'kernel/audit.c', 'lib/842/842_compress.c'];

export interface LinuxHistory {
  readonly repository: string;
  /** The commit after so many, from 0 (the tree as Debian has it) to COMMITS. */
  readonly at: (count: number) => string;
}

/** `salt` makes the trees new ones, so that no image of an earlier test is found in the cache. */
export async function makeLinuxHistory(folder: string, salt: string): Promise<LinuxHistory> {
  const cache = await openCache();
  const tree = await linuxTree();
  const series = await readSeries(join(imagesFolder(), 'kernels', 'patches', 'series.yaml'), 'stock');
  const { overlay } = await withTemporary(cache, (scratch) =>
    applyPatches(tree, series, { fuzz: 0, scratch }),
  );
  await mkdir(folder, { recursive: true });
  git(folder, 'init', '--quiet', '--initial-branch=main');

  const options = ['-c', 'core.compression=0', '-c', 'core.fsync=none'];
  const child = spawn(
    'git',
    [...options, 'fast-import', '--quiet', '--done', '--depth=0', '--export-marks=marks'],
    {
      cwd: folder,
      stdio: ['pipe', 'inherit', 'inherit'],
    },
  );
  const ended = once(child, 'close');
  const put = async (data: string | Buffer): Promise<void> => {
    if (!child.stdin.write(data)) await once(child.stdin, 'drain');
  };
  const commit = async (mark: number, title: string): Promise<void> => {
    const text = Buffer.from(`${title}\n`);
    await put(
      `commit refs/heads/main\nmark :${mark + 1}\ncommitter a <a@b> ${1767225600 + mark * 60} +0000\n`,
    );
    await put(`data ${text.length}\n${text}\n`);
  };
  const file = async (path: string, content: Buffer, mode = '100644'): Promise<void> => {
    await put(`M ${mode} inline ${path}\ndata ${content.length}\n`);
    await put(content);
    await put('\n');
  };

  await commit(0, 'The tree as Debian has it');
  for (const path of await smallTreeFiles(tree)) {
    const place = join(tree, path);
    const found = await lstat(place);
    if (found.isSymbolicLink()) await file(path, Buffer.from(await readlink(place)), '120000');
    else await file(path, await readFile(place), found.mode & 0o111 ? '100755' : '100644');
  }
  await file('Documentation/salt.txt', Buffer.from(`${salt}\n`));
  const content = new Map<string, string>();
  const now = async (path: string): Promise<string> =>
    content.get(path) ?? (await readFile(join(tree, path), 'utf8'));
  const change = async (path: string, text: string): Promise<void> => {
    content.set(path, text);
    await file(path, Buffer.from(text));
  };
  for (let count = 1; count <= COMMITS; count++) {
    if (count === BREAKS) {
      await commit(count, 'x86/tsc: go back to how it was');
      for (const [path, { content: patched }] of overlay) await change(path, String(patched));
    } else if (count === REPAIRS) {
      await commit(count, 'x86/tsc: make it robust');
      for (const path of overlay.keys()) await change(path, await readFile(join(tree, path), 'utf8'));
    } else await unrelated(count, { commit, change, now });
  }
  await put('done\n');
  child.stdin.end();
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`);
  const marks = new Map(
    (await readFile(join(folder, 'marks'), 'utf8'))
      .split('\n')
      .filter(Boolean)
      .map((line) => line.slice(1).split(' '))
      .map(([mark, id]) => [Number(mark), id ?? '']),
  );
  return { repository: folder, at: (count) => marks.get(count + 1) ?? '' };
}

interface Writer {
  readonly commit: (mark: number, title: string) => Promise<void>;
  readonly change: (path: string, text: string) => Promise<void>;
  readonly now: (path: string) => Promise<string>;
}

/** A change that does not matter, to something that is compiled or not; some leave a kernel that does not compile. */
async function unrelated(count: number, { commit, change, now }: Writer): Promise<void> {
  const wrong = '\nint tscmatrix_test_undeclared = tscmatrix_no_such_name;\n';
  const host = 'kernel/exit.c';
  if (BROKEN_BUILD.includes(count) !== BROKEN_BUILD.includes(count - 1)) {
    const breaks = BROKEN_BUILD.includes(count);
    await commit(count, breaks ? 'exit: add a variable' : 'exit: remove the variable again');
    const text = await now(host);
    return change(host, breaks ? text + wrong : text.replace(wrong, ''));
  }
  const list = count % 3 === 0 ? BUILT : count % 3 === 1 ? NOT_BUILT : ['Documentation/notes.rst'];
  const path = list[Math.floor(count / 3) % list.length] ?? '';
  await commit(count, `${path}: note ${count}`);
  // A function in a file that is compiled changes the image; a comment would not.
  const more = path.endsWith('.c')
    ? `\nint tscmatrix_test_${count}(void);\nint tscmatrix_test_${count}(void) { return ${count}; }\n`
    : `${count}\n`;
  await change(path, (path.startsWith('Documentation') ? '' : await now(path)) + more);
}
