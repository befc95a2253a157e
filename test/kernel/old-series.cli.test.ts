// The patch series for old trees go into real ones, without fuzz. No tree is ours to ship: TSCMATRIX_OLD_TREES names a folder of them.
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { imagesFolder } from '../../harness/host/project.ts';
import { makeScratch } from '../../harness/host/scratch.ts';
import { applyPatches } from '../../harness/kernel/patch/apply.ts';
import { readSeries } from '../../harness/kernel/patch/series.ts';

const OF_3_10 = ['threshold-raised', 'tsc-reliable', 'refine-fix', 'marked'];
const KNOWN = ['known-freq', 'known-freq-no-shortcut', 'both'];
/** By version, as far as the series go: the file and its variants. */
function seriesFor(version: number): { file: string; variants: readonly string[] } | null {
  if (version >= 310 && version < 403) return { file: 'linux-3.10', variants: [...OF_3_10, ...KNOWN] };
  if (version >= 404 && version < 410)
    return { file: 'linux-3.10', variants: [...OF_3_10, ...KNOWN.map((name) => `${name}-4.4`)] };
  if (version === 414) return { file: 'linux-4.14', variants: ['stock', ...OF_3_10, 'both'] };
  if (version === 419)
    return { file: 'linux-4.14', variants: [...['stock', ...OF_3_10].map((name) => `${name}-4.19`), 'both'] };
  if (version === 504) return { file: '.', variants: ['stock', ...OF_3_10] };
  return null;
}

async function versionOf(tree: string): Promise<number> {
  const makefile = await readFile(join(tree, 'Makefile'), 'utf8');
  const number = (name: string): number => Number(new RegExp(`^${name} = (\\d+)$`, 'm').exec(makefile)?.[1]);
  return number('VERSION') * 100 + number('PATCHLEVEL');
}

test('each variant goes into the trees that its series is for', async (context) => {
  const folder = process.env.TSCMATRIX_OLD_TREES;
  if (folder === undefined) return context.skip('TSCMATRIX_OLD_TREES names no folder of old kernel trees');
  const scratch = await makeScratch();
  try {
    let count = 0;
    for (const name of await readdir(folder)) {
      const tree = join(folder, name);
      const series = seriesFor(await versionOf(tree));
      for (const variant of series?.variants ?? []) {
        const file = join(imagesFolder(), 'kernels', 'patches', series?.file ?? '', 'series.yaml');
        const into = join(scratch.path, String(count++));
        await mkdir(into);
        const patches = await readSeries(file, variant);
        const { shifts } = await applyPatches(tree, patches, { fuzz: 0, scratch: into });
        expect(shifts.length, `${variant} in ${name}`).toBe(patches.length);
      }
    }
    expect(count).toBeGreaterThan(0);
  } finally {
    await scratch.remove();
  }
}, 180_000);
