/** A results folder without room, as a tiny file system of its own. Needs root, as mount(8) does. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { boot, launchOf, testFolder } from '../support/faulty-guest.ts';

const run = promisify(execFile);

/** A tmpfs of so many KiB, or the reason why there is none. */
async function smallDisk(kib: number): Promise<{ folder: string } | { why: string }> {
  if (process.getuid?.() !== 0) return { why: 'only root may mount a file system' };
  const folder = await testFolder();
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'none', folder]);
  } catch (error) {
    return { why: `a tmpfs cannot be mounted here: ${(error as Error).message}` };
  }
  onTestFinished(async () => {
    await run('umount', [folder]);
  });
  return { folder };
}

test('a disk that fills up while the guest talks is the host’s fault', async ({ skip }) => {
  const disk = await smallDisk(16);
  if ('why' in disk) return skip(disk.why);
  const life = await boot(await launchOf({ guest: { append: 'fault=reboot' } }), disk);
  expect(life.ending).toMatchObject({ kind: 'host-fault', code: 'disk-full' });
});

test('a disk that is full before the start is a host error, and no QEMU starts', async ({ skip }) => {
  const disk = await smallDisk(16);
  if ('why' in disk) return skip(disk.why);
  await writeFile(join(disk.folder, 'ballast'), Buffer.alloc(32 * 1024)).catch(() => {});
  await expect(boot(await launchOf({}), disk)).rejects.toMatchObject({ code: 'disk-full' });
});

test('a limit on the size of a file that cuts the console is the host’s fault', async () => {
  const launch = JSON.stringify(await launchOf({ guest: { append: 'fault=reboot' } }));
  const script = join(import.meta.dirname, '..', 'support', 'boot-forever.ts');
  const words = ['--fsize=8192', process.execPath, script, launch, await testFolder()];
  const { stdout } = await run('prlimit', words);
  const ending: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  expect(ending).toMatchObject({ kind: 'host-fault', code: 'disk-full' });
  expect(ending).toMatchObject({
    detail: expect.stringMatching(/holds 8192 bytes.*limit on a file's size/),
  });
});
