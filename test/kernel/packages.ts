/** Makes real packages for the tests. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runTool, tryTool } from '../../harness/host/process.ts';

export type Files = Readonly<Record<string, Uint8Array | string>>;

/** Builds a .deb of these files. */
export async function makeDeb(folder: string, files: Files, name = 'linux-image-test'): Promise<string> {
  const tree = join(folder, `${name}-tree`);
  const control = [
    `Package: ${name}`,
    'Version: 1',
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

/** Builds an .rpm of these files and symbolic links (name to target). */
export async function makeRpm(
  folder: string,
  files: Files,
  links: Readonly<Record<string, string>> = {},
): Promise<string> {
  const tree = join(folder, 'rpm-tree');
  await writeTree(tree, files);
  for (const [name, target] of Object.entries(links)) {
    await mkdir(dirname(join(tree, name)), { recursive: true });
    await symlink(target, join(tree, name));
  }
  const spec = [
    'Name: kernel-core',
    'Version: 1',
    'Release: 1',
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
  const args = defines.flatMap((each) => ['--define', each]);
  await runTool('rpmbuild', ['-bb', '--target', 'x86_64', ...args, join(folder, 'test.spec')]);
  return join(top, 'RPMS/x86_64/kernel-core-1-1.x86_64.rpm');
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
