/** Patches for tests: the project's own, and what can be made of them. */
import { readFile } from 'node:fs/promises';
import { openCache } from '../../../harness/host/cache.ts';
import { loadMatrix } from '../../../harness/matrix/load.ts';
import type { BuildSource } from '../../../harness/matrix/types.ts';
import { type ExamineOptions, examinePatches } from '../../../harness/validate/patch/examine.ts';
import type { PatchReport } from '../../../harness/validate/patch/types.ts';
import { fakeEntry } from '../../kernel-build/fake-tree.ts';

const PATCHES = new URL('../../../images/kernels/patches/linux-6.1/', import.meta.url).pathname;
const MATRIX = new URL('../../../matrices/seed.yaml', import.meta.url).pathname;

export const projectPatch = (name: string): string => `${PATCHES}${name}.patch`;

/** The same change the other way round, as a plain diff. */
export async function reversed(path: string): Promise<string> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  const start = lines.findIndex((line) => line.startsWith('diff --git'));
  const end = lines.lastIndexOf('-- ');
  return lines
    .slice(start, end < 0 ? undefined : end)
    .map((line) => {
      if (/^(?:diff|---|\+\+\+) /.test(line)) return line;
      const header = /^@@ -(\S+) \+(\S+) @@/.exec(line);
      if (header !== null) return `@@ -${header[2]} +${header[1]} @@`;
      if (line.startsWith('-')) return `+${line.slice(1)}`;
      return line.startsWith('+') ? `-${line.slice(1)}` : line;
    })
    .join('\n')
    .concat('\n');
}

/** Some hunks of a diff of one file, counted from 1. */
export function hunksOf(diff: string, ...wanted: number[]): string {
  const [head = '', ...hunks] = diff.split(/^(?=@@ )/m);
  return head + wanted.map((number) => hunks[number - 1] ?? '').join('');
}

/** A kernel of matrices/seed.yaml: linux-source-6.1 with patches. */
export async function seedBase(name: string): Promise<BuildSource> {
  const source = (await loadMatrix(MATRIX)).kernels.find((one) => one.name === name)?.source;
  if (source?.kind !== 'build') throw new Error(`${MATRIX} builds no kernel ${name}`);
  return source;
}

export async function examineOn(name: string | null, ...patches: string[]): Promise<PatchReport> {
  return examinePatches(name === null ? null : await seedBase(name), patches, { cache: await openCache() });
}

/** On a tree of a few lines in `folder`, with a cache of its own. */
export async function examineFake(
  folder: string,
  patches: readonly string[],
  keys: Readonly<Record<string, unknown>> = {},
  more: Partial<ExamineOptions> = {},
): Promise<PatchReport> {
  const { source } = fakeEntry(folder, keys);
  if (source.kind !== 'build') throw new Error('the fake tree is a source');
  return examinePatches(source, patches, { cache: await openCache(`${folder}/cache`), ...more });
}
