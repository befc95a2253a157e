// A QEMU of another user gets what lies where that user cannot go, and nothing else is changed in its command.
import { chmod, mkdir, mkdtemp, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lend } from '../../harness/guest/lent-files.ts';
import type { Launch } from '../../harness/guest/types.ts';

/** A folder that others cannot enter, as mkdtemp makes it, with a folder for QEMU in it. */
async function closedFolder(): Promise<{ folder: string; cwd: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tscmatrix-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'cwd'));
  return { folder, cwd: join(folder, 'cwd') };
}

async function put(folder: string, name: string, mode: number): Promise<string> {
  await writeFile(join(folder, name), name);
  await chmod(join(folder, name), mode);
  return join(folder, name);
}

const launchOf = (qemu: string, argv: readonly string[], environment = {}): Launch =>
  ({ qemu, argv, environment }) as unknown as Launch;

test('files in closed folders come by descriptors, from the given one on, under their names', async () => {
  const { folder, cwd } = await closedFolder();
  const qemu = await put(folder, 'qemu-system-x86_64', 0o755);
  const kernel = await put(folder, 'a,kernel', 0o644);
  const library = await put(folder, 'exits.so', 0o644);
  await mkdir(join(folder, 'share'), { mode: 0o755 });
  const item = `name=opt/tscmatrix/kernel,file=${kernel.replaceAll(',', ',,')}`;
  const words = ['-L', join(folder, 'share'), '-kernel', kernel, '-fw_cfg', item, '-append', 'console=ttyS0'];
  const given = await lend(launchOf(qemu, words, { LD_PRELOAD: library }), cwd, 4);
  onTestFinished(() => given.lent.close());
  expect(given.argv).toEqual([
    '-L',
    './1-share',
    '-kernel',
    './3-a_kernel',
    '-fw_cfg',
    'name=opt/tscmatrix/kernel,file=./5-a_kernel',
    '-append',
    'console=ttyS0',
  ]);
  expect(given.environment).toEqual({ LD_PRELOAD: './8-exits.so' });
  expect(given.qemu).toBe('./qemu-system-x86_64');
  const links = ['1-share', '3-a_kernel', '5-a_kernel', '8-exits.so', 'qemu-system-x86_64'];
  for (const [at, name] of links.entries())
    expect(await readlink(join(cwd, name))).toBe(`/proc/self/fd/${4 + at}`);
  const open = await Promise.all(given.lent.fds.map((fd) => readlink(`/proc/self/fd/${fd}`)));
  expect(open).toEqual([join(folder, 'share'), kernel, kernel, library, qemu]);
});

test('what only its owner may read is copied', async () => {
  const { folder, cwd } = await closedFolder();
  const kernel = await put(folder, 'vmlinuz', 0o600);
  await mkdir(join(folder, 'share'), { mode: 0o700 });
  await put(join(folder, 'share'), 'bios.bin', 0o600);
  const given = await lend(launchOf('qemu', ['-kernel', kernel, '-L', join(folder, 'share')]), cwd, 3);
  expect(given.argv).toEqual(['-kernel', './1-vmlinuz', '-L', './3-share']);
  expect(given.lent.fds).toEqual([]);
  for (const [path, text] of [
    ['1-vmlinuz', 'vmlinuz'],
    ['3-share/bios.bin', 'bios.bin'],
  ] as const) {
    expect(await readFile(join(cwd, path), 'utf8')).toBe(text);
    expect((await stat(join(cwd, path))).mode & 0o004).toBe(0o004);
  }
});

test('what everybody reaches, and what is not there, stays as it is', async () => {
  const { folder, cwd } = await closedFolder();
  const words = ['-kernel', '/bin/sh', '-initrd', join(folder, 'none'), '-append', 'init=/bin/sh'];
  const given = await lend(launchOf('/bin/sh', words), cwd, 3);
  expect(given).toMatchObject({ qemu: '/bin/sh', argv: words, environment: {}, lent: { fds: [] } });
});
