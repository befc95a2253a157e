// The field report's way, for real: a source RPM in the manner of el7 with the tree of Debian's linux-source-6.1, a marker in
// tsc.c, the package with it, and its kernel in a nested guest. Some minutes.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCache } from '../../harness/host/cache.ts';
import { runTool } from '../../harness/host/process.ts';
import { findSource } from '../../harness/kernel/tree/source.ts';
import { ensureTree } from '../../harness/kernel/tree/trees.ts';
import { openWorkshop, type Workshop } from '../cli/tscmatrix.ts';
import { builtKernel } from '../support/built-kernel.ts';
import { el7Spec, makeSrpm } from './specs.ts';

const MINUTES = 60_000;
/** What the small configuration compiles nothing of; a tenth of the tree is left, in which Kconfig finds all of its files. */
const LEFT_OUT = [
  ...[
    'drivers/gpu',
    'drivers/net',
    'drivers/media',
    'drivers/staging',
    'drivers/infiniband',
    'drivers/scsi',
    'sound',
    'fs/xfs',
  ].map((folder) => `./${folder}/*.[chS]`),
  ...[
    'alpha',
    'arc',
    'arm',
    'arm64',
    'mips',
    'powerpc',
    's390',
    'sparc',
    'ia64',
    'm68k',
    'parisc',
    'riscv',
    'sh',
  ].flatMap((arch) => [`./arch/${arch}/*.[chS]`, `./arch/${arch}/*.dts*`]),
  ...[
    'Documentation/*.rst',
    'Documentation/*.txt',
    'Documentation/*.yaml',
    'tools/testing/*',
    'tools/perf/*',
  ].map((glob) => `./${glob}`),
];

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop.remove());

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await shop.run(args);
  expect(code, stdout + stderr).toBe(0);
  return stdout + stderr;
}

/** The source RPM; its configuration is that of the seed's kernels. */
async function makeReal(): Promise<{ path: string; version: string }> {
  const cache = await openCache();
  const source = await findSource(
    { kind: 'debian', package: 'linux-source-6.1', suite: 'bookworm' },
    { cache },
  );
  const tree = await ensureTree(source, { cache });
  const { build } = await builtKernel();
  if (build === undefined) throw new Error('the seed kernel was not built here');
  const number = (name: string, text: string): string =>
    new RegExp(`^${name} = (\\d+)`, 'm').exec(text)?.[1] ?? '';
  const makefile = await readFile(join(tree, 'Makefile'), 'utf8');
  const version = ['VERSION', 'PATCHLEVEL', 'SUBLEVEL'].map((name) => number(name, makefile)).join('.');
  const sources = {
    'kernel-x86_64.config': await readFile(build.configPath, 'utf8'),
    'linux-one.patch': '--- /dev/null\n+++ b/one.txt\n@@ -0,0 +1 @@\n+of the distribution\n',
    'linux-kernel-test.patch': '',
  };
  const path = await makeSrpm(shop.folder, el7Spec({ version, release: '957' }), sources, {
    tree,
    name: `linux-${version}`,
    exclude: LEFT_OUT,
  });
  return { path, version };
}

test(
  'a kernel of a source RPM is prepared, marked, packed and booted',
  async () => {
    const { path, version } = await makeReal();
    await ok('rpm', 'prepare', path, '--output', 'place');
    const tsc = join(shop.folder, 'place', 'changed', 'arch', 'x86', 'kernel', 'tsc.c');
    const before = await readFile(tsc, 'utf8');
    const marked = before.replace(
      /(static int __init init_tsc_clocksource\(void\)\n\{\n)/,
      '$1\tpr_info("No.1\\n");\n',
    );
    expect(marked).not.toBe(before);
    await writeFile(tsc, marked);
    expect(await ok('rpm', 'patch', 'place', '--buildid', '.tscheck')).toMatch('arch/x86/kernel/tsc.c');
    const release = `${version}-957.el7.tscheck.x86_64`;
    const built = await ok('rpm', 'build', 'place', '--jobs', '2');
    expect(built).toMatch(`kernel-${release}.rpm`);
    const guest = ['--cell', 'topology=nested,hpet=off,probe=brief', '--keep', 'kept'];
    const booted = await ok('rpm', 'boot', 'place', ...guest);
    expect(booted).toMatch('all that the probe needs is built in');
    const names = await readdir(join(shop.folder, 'kept'));
    const texts = await Promise.all(
      names.map((name) => readFile(join(shop.folder, 'kept', name), 'utf8').catch(() => '')),
    );
    const console = texts.find((text) => text.includes('Linux version')) ?? '';
    expect(console).toMatch(`Linux version ${release} `);
    expect(console).toMatch(/tsc: No\.1/);
    // What it is of: the package is one for any other rpm too.
    const { stdout } = await runTool('rpm', [
      '-qp',
      '--qf',
      '%{sourcerpm} %{version}-%{release}',
      built.match(/\S+\.rpm$/m)?.[0] ?? '',
    ]);
    expect(stdout).toBe(`kernel-${version}-957.el7.tscheck.src.rpm ${version}-957.el7.tscheck`);
  },
  30 * MINUTES,
);
