import { expect, test } from 'vitest';
import { loadMatrix, parseMatrix } from '../../harness/matrix/load.ts';
import { MatrixError } from '../../harness/matrix/problems.ts';
import type { BuildSource } from '../../harness/matrix/types.ts';
import { makePlan } from '../../harness/plan/expand.ts';

function built(kernels: string): BuildSource[] {
  return parseMatrix(`version: 1\nkernels:\n${kernels}`, '/m/test.yaml').kernels.map(({ source }) => {
    if (source.kind !== 'build') throw new Error('not built');
    return source;
  });
}

test('a kernel to build has defaults for all that it does not say', () => {
  expect(built('  a: { source: { debian: linux-source-6.1 } }\n')).toEqual([
    {
      kind: 'build',
      tree: { kind: 'debian', package: 'linux-source-6.1' },
      patches: [],
      cherryPick: [],
      fuzz: 2,
      config: { base: { kind: 'guest' }, fragments: [], set: {} },
      toolchain: {
        cc: ['gcc'],
        hostcc: [],
        ld: ['ld'],
        kcflags: [],
        kaflags: [],
        hostcflags: [],
        ldflags: [],
        make: {},
        wrappers: {},
        extraFiles: {},
      },
    },
  ]);
});

test('paths start from the folder of the matrix, and a merge key takes the rest from another kernel', () => {
  const [first, second] = built(`  a: &a
    source: { git: ../linux, ref: v6.1 }
    series: { file: s.yaml, variant: x }
    patches: [p/1.patch]
    config: { base: { file: my.config }, fragments: [f], set: { CONFIG_HZ: 250, CONFIG_A: y, CONFIG_B: text } }
    toolchain:
      cc: gcc-12 -std=gnu11
      kcflags: [-fno-pie]
      wrappers: { as: bin/as }
      extra-files: { include/a.h: a.h, include/b.h: { tree: include/c.h } }
  b: { <<: *a, source: { git: "https://example.org/linux.git", ref: main }, patches: [] }
`);
  expect(first).toMatchObject({
    tree: { kind: 'git', location: '/linux', ref: 'v6.1' },
    series: { file: '/m/s.yaml', variant: 'x' },
    patches: ['/m/p/1.patch'],
    config: {
      base: { kind: 'file', path: '/m/my.config' },
      fragments: ['/m/f'],
      set: { CONFIG_HZ: '250', CONFIG_A: 'y', CONFIG_B: 'text' },
    },
    toolchain: {
      cc: ['gcc-12', '-std=gnu11'],
      kcflags: ['-fno-pie'],
      wrappers: { as: '/m/bin/as' },
      extraFiles: { 'include/a.h': { path: '/m/a.h' }, 'include/b.h': { tree: 'include/c.h' } },
    },
  });
  expect(second?.tree).toEqual({ kind: 'git', location: 'https://example.org/linux.git', ref: 'main' });
  expect(second?.patches).toEqual([]);
  expect(second?.toolchain).toEqual(first?.toolchain);
});

test.each([
  ['{ source: {} }', 'must name the tree: one of debian, tarball, srpm, git, directory'],
  ['{ source: { git: a, directory: b, ref: c } }', 'names more than one tree (git, directory): keep one'],
  ['{ source: { git: a } }', 'git needs a ref: a commit, a tag or a branch'],
  ['{ source: { directory: a, ref: b } }', 'ref does not go with directory'],
  [
    '{ source: { tarball: "https://example.org/a.tar.xz" } }',
    'a URL needs a sha256, so that it is the same source every time',
  ],
  ['{ source: { git: "ext::sh -c id", ref: b } }', 'must be a path, or an https, http, git or ssh URL'],
  [
    '{ source: { git: "ssh://-oProxyCommand=id/a", ref: b } }',
    'must be a path, or an https, http, git or ssh URL',
  ],
  ['{ source: { git: "--upload-pack=id", ref: b } }', 'must be a path or a URL'],
  ['{ source: { git: a, ref: "--output=b" } }', 'must be a commit, a tag or a branch'],
  [
    '{ source: { directory: a }, config: { set: { HZ: y } } }',
    'must be the name of an option, such as CONFIG_HZ_1000',
  ],
  [
    '{ source: { directory: a }, config: { set: { CONFIG_A: "a\\nCONFIG_B=y" } } }',
    'must be text of one line',
  ],
  ['{ source: { directory: a }, toolchain: { extra-files: { ../b: c } } }', 'must be a path within the tree'],
  ['{ source: { directory: a }, fuzz: 4 }', 'must be at most 3'],
  ['{ image: a, patches: [b] }', 'patches does not go with image'],
  ['{ source: { directory: a }, suite: b }', 'suite does not go with source'],
])('refuses %s', (entry, message) => {
  const problems = (): string[] => {
    try {
      built(`  k: ${entry}\n`);
      return [];
    } catch (error) {
      if (error instanceof MatrixError)
        return error.problems.map((one) => one.message.replace(/; found .*/, ''));
      throw error;
    }
  };
  expect(problems()).toContain(message);
});

test.each([
  ['seed', 26, 7],
  ['seed-full', 960, 10],
  ['centos7', 29, 8],
])('matrices/%s.yaml plans without its sources', async (name, cells, kernels) => {
  const plan = makePlan(await loadMatrix(new URL(`../../matrices/${name}.yaml`, import.meta.url).pathname));
  expect(plan.warnings).toEqual([]);
  expect([plan.cells.length, plan.kernels.length]).toEqual([cells, kernels]);
});
