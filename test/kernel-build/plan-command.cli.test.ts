// plan --command shows what would be started, and starts nothing that the matrix names.
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isKnownToolchain } from '../../harness/kernel/make/toolchain.ts';
import { inScratch } from '../kernel/tools.ts';
import { FAKE_FILES, writeProgram, writeTree } from './fake-tree.ts';

const LAUNCHER = join(import.meta.dirname, '..', '..', 'tscmatrix');

test('neither the compiler, nor a wrapper, nor the Makefile of a kernel that is to be built', () =>
  inScratch(async (folder) => {
    const mark = (name: string) => `touch ${folder}/marks/${name}`;
    await mkdir(join(folder, 'marks'));
    await writeTree(join(folder, 'tree'), {
      ...FAKE_FILES,
      Makefile: `$(shell ${mark('makefile')})\n${FAKE_FILES.Makefile}`,
    });
    for (const name of ['compiler', 'wrapper']) {
      await writeProgram(join(folder, `${name}.sh`), `#!/bin/sh\n${mark(name)}\nexec gcc "$@"\n`);
    }
    const matrix = `version: 1
kernels:
  plain: { source: { directory: tree } }
  cc: { source: { directory: tree }, toolchain: { cc: "${folder}/compiler.sh" } }
  wrapped: { source: { directory: tree }, toolchain: { cc: wrapped-cc, wrappers: { wrapped-cc: wrapper.sh } } }
axes: { topology: [tcg], clock: [real] }
`;
    await writeFile(join(folder, 'm.yaml'), matrix);
    const env = { ...process.env, TSCMATRIX_CACHE: join(folder, 'cache') };
    const ran = spawnSync(LAUNCHER, ['plan', '--command', join(folder, 'm.yaml')], { env, encoding: 'utf8' });
    expect(await readdir(join(folder, 'marks'))).toEqual([]);
    expect(ran.stdout).toContain("-kernel '<kernel of plain, not built>'");
    expect(ran.stdout).toContain("-kernel '<kernel of wrapped, not built>'");
    expect(ran.stderr).toContain('kernel cc: it is not built yet');
    // What is shown cannot be started as it is.
    expect(ran.status).toBe(69);
    const json = spawnSync(LAUNCHER, ['plan', '--command', '--json', join(folder, 'm.yaml')], { env });
    expect(json.status).toBe(69);
    expect(await readdir(join(folder, 'marks'))).toEqual([]);
    // To build is to run its code.
    const built = spawnSync(LAUNCHER, ['build', join(folder, 'm.yaml')], { env, encoding: 'utf8' });
    expect(built.status, built.stderr).toBe(0);
    const again = spawnSync(
      LAUNCHER,
      ['plan', '--command', '--filter', 'kernel=plain', join(folder, 'm.yaml')],
      {
        env,
        encoding: 'utf8',
      },
    );
    // One that is built is found without any of it.
    expect(again.status, again.stderr).toBe(0);
    expect(again.stdout).toMatch(/-kernel \/\S+\/objects\//);
  }));

test('a program that is more than a compiler of this machine is not asked for its version', () => {
  const base = { hostcc: [], wrappers: {}, kcflags: [], kaflags: [], hostcflags: [], ldflags: [] };
  const known = (cc: readonly string[], more: object = {}) =>
    isKnownToolchain({ ...base, ld: ['ld'], make: {}, extraFiles: {}, ...more, cc: [...cc] });
  expect(known(['gcc'])).toBe(true);
  expect(known(['gcc-12', '-std=gnu89', '-fno-pie'])).toBe(true);
  for (const cc of [['./gcc'], ['/tmp/gcc'], ['sh', '-c', 'id'], ['gcc', '-fplugin=/x.so'], ['gcc', '@file']])
    expect(known(cc), cc.join(' ')).toBe(false);
  expect(known(['gcc'], { hostcc: ['evil'] })).toBe(false);
  expect(known(['gcc'], { wrappers: { ld: '/x' } })).toBe(false);
});
