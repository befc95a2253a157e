/** Repositories of a kernel tree of a few lines, and an oracle that reads its kernels instead of booting them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SearchSpec } from '../../harness/bisect/entries.ts';
import { prepareSearch, type SearchOptions } from '../../harness/bisect/prepare.ts';
import type { Judged, Tester } from '../../harness/bisect/tester.ts';
import type { View } from '../../harness/bisect/view.ts';
import { openCache } from '../../harness/host/cache.ts';
import { FAKE_FILES, git, writeTree } from '../kernel-build/fake-tree.ts';

/** What the kernels of a commit hold, for the oracle to find. */
export const MARKER = 'THE_BUG_IS_HERE';
const TWO = FAKE_FILES['two.c'] ?? '';

export type Content = 'good' | 'bad' | 'unbuildable' | 'notes';

/** The text of two.c; `count` makes each kernel another one. */
export function twoWith(content: Content, count: number): string {
  if (content === 'unbuildable') return `${TWO}this is not C ${count}\n`;
  const marker = content === 'bad' ? `const char marker[] = "${MARKER}";\n` : '';
  return `${TWO}${marker}int number_${count}(void) { return ${count}; }\n`;
}

export interface TinyRepo {
  readonly path: string;
  /** Commit ids, the first is the tree as it is. */
  readonly ids: string[];
  commit(content: Content): Promise<string>;
}

export async function tinyRepo(path: string): Promise<TinyRepo> {
  await writeTree(path);
  git(path, 'init', '--quiet', '--initial-branch=main');
  const ids: string[] = [];
  const take = (title: string): string => {
    git(path, 'add', '--all');
    git(path, 'commit', '--quiet', '--message', title);
    const id = git(path, 'rev-parse', 'HEAD');
    ids.push(id);
    return id;
  };
  take('the tree');
  return {
    path,
    ids,
    async commit(content) {
      const count = ids.length;
      const files =
        content === 'notes' ? { 'notes.txt': `note ${count}\n` } : { 'two.c': twoWith(content, count) };
      await writeTree(path, files);
      return take(`${content} ${count}`);
    },
  };
}

export const WORDS: SearchOptions = {
  cell: 'clock=deterministic',
  expect: [],
  test: [],
  kernels: [],
  paths: [],
  skip: [],
  patch: [],
  confidence: 0.995,
  timeout: 60,
  qemu: 'qemu-system-x86_64',
};

export async function specOf(words: Partial<SearchOptions>, cacheRoot: string): Promise<SearchSpec> {
  const { spec } = await prepareSearch({ ...WORDS, ...words }, { cache: await openCache(cacheRoot) });
  return spec;
}

export const SILENT: View = { status: () => {}, doing: () => {}, said: () => {}, close: () => {} };

/** Says of a kernel whether it holds the marker: as expected where it does not. `booted` is told each time. */
export function readingTester(booted: (path: string) => void | Promise<void> = () => {}): Tester {
  return {
    async boot(path): Promise<Judged> {
      await booted(path);
      const met = !(await readFile(path)).includes(MARKER);
      return answer(met);
    },
  };
}

export function answer(met: boolean): Judged {
  return {
    kind: 'answer',
    met,
    reason: met ? 'refined' : 'never',
    observation: {
      verdict: met ? 'refined' : 'never',
      reason: 'read',
      current: null,
      available: null,
      kernelKhz: null,
      trueKhz: null,
      trueKhzFrom: null,
      ppm: null,
      diagnosis: null,
      differences: [],
    },
    transcriptSha256: null,
    seconds: 1,
  };
}

/** All of the user's repository that a search must leave alone. */
export async function stateOfRepo(path: string): Promise<string> {
  const index = await readFile(join(path, '.git', 'index'), 'base64');
  const head = await readFile(join(path, '.git', 'HEAD'), 'utf8');
  const refs = git(path, 'for-each-ref', '--format=%(refname) %(objectname)');
  const status = git(path, '--no-optional-locks', 'status', '--porcelain', '--ignored');
  return [index, head, refs, status, git(path, 'reflog')].join('\n');
}
