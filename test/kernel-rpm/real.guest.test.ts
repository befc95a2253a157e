// Source RPMs of a real tree, the one that the kernel's own makefile makes and one in the manner of el7: prepared, changed, patched, built, booted.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runTool } from '../../harness/host/process.ts';
import { imagesFolder } from '../../harness/host/project.ts';
import { openWorkshop, type Workshop } from '../cli/tscmatrix.ts';
import { linuxTree, smallTreeFiles } from '../support/linux-tree.ts';
import { el7Spec, makeSrpm, NEW_FILE } from './specs.ts';

const MINUTES = 60_000;
/** Each compiles a whole kernel, since rpmbuild begins anew: ten minutes of CPU time that a night has, and CI has not. */
const WANTED = process.env.TSCMATRIX_REAL_RPM === '1';
const NOT_WANTED = 'it compiles a whole kernel anew: set TSCMATRIX_REAL_RPM=1';
/** One module, so that some are packed. */
const MODULES = 'CONFIG_MODULES=y\nCONFIG_CRC_ITU_T=m\n';
/** rpm-pkg of the kernel's makefile builds at once; the package of its sources is what is wanted. */
const RPMBUILD = `#!/bin/bash
args=()
for arg; do [ "$arg" = -ta ] && arg=-ts; args+=("$arg"); done
PATH=\${PATH#*:} exec rpmbuild --define "_topdir $TOPDIR" --nodeps "\${args[@]}"
`;

let shop: Workshop;
let tree: string;
beforeAll(async () => {
  if (!WANTED) return;
  shop = await openWorkshop();
  const source = await linuxTree();
  tree = join(shop.folder, 'linux-6.1');
  await mkdir(tree);
  const list = await shop.file('files', (await smallTreeFiles(source)).join('\n'));
  const copy = 'tar -C "$1" -T "$2" -cf - | tar -C "$3" -xf -';
  await runTool('sh', ['-c', copy, 'sh', source, list, tree]);
  const guest = await readFile(join(imagesFolder(), 'kernels', 'guest.config'), 'utf8');
  const config = await shop.file('packed.config', `${guest}\n${MODULES}`);
  await make(`KCONFIG_ALLCONFIG=${config}`, 'allnoconfig');
}, 10 * MINUTES);
afterAll(() => (WANTED ? shop.remove() : undefined), MINUTES);

function make(...args: string[]) {
  const path = `${join(shop.folder, 'bin')}:${process.env.PATH}`;
  return runTool('make', ['-C', tree, ...args], {
    env: { ...process.env, PATH: path, TOPDIR: join(shop.folder, 'top'), GZIP: '-1', LOCALVERSION: '' },
  });
}

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await shop.run(args);
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

/** Changes a message of the changed copy, makes the patch and the packages, and boots the kernel of these. */
async function goThrough(srpm: string, place: string, version: RegExp): Promise<void> {
  await ok('rpm', 'prepare', srpm, '--output', place);
  const source = join(shop.folder, place, 'changed', 'arch', 'x86', 'kernel', 'tsc.c');
  const text = await readFile(source, 'utf8');
  const changed = text.replace('pr_info("Detected %lu.%03lu MHz processor', '$& (as shipped)');
  expect(changed).not.toBe(text);
  await writeFile(source, changed);
  await ok('rpm', 'patch', place, '--buildid', '.tscheck', '--subject', 'tsc: say who says it');
  await ok('rpm', 'build', place);
  await ok('rpm', 'boot', place, '--cell', 'topology=tcg', '--keep', 'kept');
  const kept = join(shop.folder, 'kept');
  const names = await readdir(kept, { recursive: true });
  const log = names.find((name) => /console\.log$/.test(name)) ?? '';
  const console = await readFile(join(kept, log), 'utf8');
  expect(console).toMatch(/tsc: Detected \d+\.\d+ MHz processor \(as shipped\)/);
  expect(console).toMatch(version);
  await runTool('rm', ['-rf', join(shop.folder, place), kept]);
}

test(
  "the package that the kernel's own makefile makes",
  async ({ skip }) => {
    if (!WANTED) return skip(NOT_WANTED);
    await mkdir(join(shop.folder, 'bin'));
    await writeFile(join(shop.folder, 'bin', 'rpmbuild'), RPMBUILD, { mode: 0o755 });
    await make('rpm-pkg');
    const [name = ''] = await readdir(join(shop.folder, 'top', 'SRPMS'));
    await goThrough(join(shop.folder, 'top', 'SRPMS', name), 'mainline', /Linux version 6\.1\.\d+/);
  },
  60 * MINUTES,
);

test(
  'a package in the manner of el7',
  async ({ skip }) => {
    if (!WANTED) return skip(NOT_WANTED);
    const version = '6.1';
    const config = await readFile(join(tree, '.config'), 'utf8');
    const srpm = await makeSrpm(
      join(shop.folder, 'srpm'),
      el7Spec({ version, release: '957' }),
      { 'kernel-x86_64.config': config, 'linux-one.patch': NEW_FILE, 'linux-kernel-test.patch': '' },
      { tree, name: `linux-${version}`, exclude: ['.config'] },
    );
    await goThrough(srpm, 'el7', /Linux version 6\.1\.\d+-957\.el7\.tscheck\.x86_64/);
  },
  60 * MINUTES,
);
