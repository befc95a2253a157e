/** Makes real packages for the tests. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runTool, tryTool } from '../../harness/host/process.ts';

export type Files = Readonly<Record<string, Uint8Array | string>>;

/** Builds a .deb of these files. */
export async function makeDeb(
  folder: string,
  files: Files,
  name = 'linux-image-test',
  version = '1',
): Promise<string> {
  const tree = join(folder, `${name}-tree`);
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    'Architecture: amd64',
    'Maintainer: nobody <n@example.org>',
  ];
  await writeTree(tree, { ...files, 'DEBIAN/control': `${control.join('\n')}\nDescription: test\n` });
  const path = join(folder, `${name}.deb`);
  await runTool('dpkg-deb', ['--root-owner-group', '-b', tree, path]);
  return path;
}

/** Builds a .deb around a tar archive that GNU tar was made to write with other names than it would. */
export async function makeDebWithName(folder: string, member: string, content: Uint8Array): Promise<string> {
  await writeTree(join(folder, 'odd'), { control: 'Package: odd\nVersion: 1\n', inside: content });
  const odd = join(folder, 'odd');
  await writeFile(join(odd, 'debian-binary'), '2.0\n');
  await runTool('tar', ['-C', odd, '-cf', join(odd, 'control.tar'), './control']);
  await runTool('tar', [
    '-C',
    odd,
    '-P',
    '-cf',
    join(odd, 'data.tar'),
    `--transform=s,inside,${member},`,
    'inside',
  ]);
  const path = join(folder, 'odd.deb');
  await runTool('ar', ['rc', path, 'debian-binary', 'control.tar', 'data.tar'], { cwd: odd });
  return path;
}

interface RpmMore {
  /** Symbolic links: name to target. */
  readonly links?: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly release?: string;
  readonly epoch?: number;
  /** As _binary_payload has it, "w9.xzdio" for one. */
  readonly payload?: string;
}

/** Builds an .rpm of these files. */
export async function makeRpm(
  folder: string,
  files: Files,
  { links = {}, version = '1', release = '1', epoch, payload }: RpmMore = {},
): Promise<string> {
  const tree = join(folder, `rpm-tree-${version}-${release}`);
  await writeTree(tree, files);
  for (const [name, target] of Object.entries(links)) {
    await mkdir(dirname(join(tree, name)), { recursive: true });
    await symlink(target, join(tree, name));
  }
  const spec = [
    'Name: kernel-core',
    `Version: ${version}`,
    `Release: ${release}`,
    ...(epoch === undefined ? [] : [`Epoch: ${epoch}`]),
    'Summary: test',
    'License: GPL',
    '%description',
    'test',
    '%install',
    `cp -a ${tree}/. %{buildroot}/`,
    '%files',
    ...Object.keys({ ...files, ...links }).map((name) => `/${name}`),
  ];
  await writeFile(join(folder, 'test.spec'), `${spec.join('\n')}\n`);
  const top = join(folder, 'rpmbuild');
  const defines = [`_topdir ${top}`, '__os_install_post %{nil}', 'debug_package %{nil}'];
  if (payload !== undefined) defines.push(`_binary_payload ${payload}`);
  const args = defines.flatMap((each) => ['--define', each]);
  await runTool('rpmbuild', ['-bb', '--target', 'x86_64', ...args, join(folder, 'test.spec')]);
  return join(top, `RPMS/x86_64/kernel-core-${version}-${release}.x86_64.rpm`);
}

/** Whether a program is installed. */
export async function has(program: string): Promise<boolean> {
  return (await tryTool('sh', ['-c', `command -v ${program}`])).exitCode === 0;
}

async function writeTree(root: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
}
