// A vmlinux beside its image in the cache: kept if make left one, never by way of a link.
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { openCache } from '../../harness/host/cache.ts';
import { findVmlinux, keepVmlinux } from '../../harness/kernel/vmlinux.ts';

const folders: string[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function place() {
  const folder = await mkdtemp(join(tmpdir(), 'tscmatrix-test-'));
  folders.push(folder);
  vi.stubEnv('TSCMATRIX_CACHE', join(folder, 'cache'));
  return { folder, cache: await openCache() };
}

test('what make left is found by the image', async () => {
  const { folder, cache } = await place();
  await writeFile(join(folder, 'vmlinux'), 'ELF');
  await keepVmlinux('a'.repeat(64), folder, '6.1.0 odd/name', { cache });
  const path = await findVmlinux('a'.repeat(64), { cache });
  expect(path).toMatch(/vmlinux-6\.1\.0_odd_name$/);
  expect(await readFile(path ?? '', 'utf8')).toBe('ELF');
  expect(await findVmlinux('b'.repeat(64), { cache })).toBeUndefined();
});

test('a link is not followed', async () => {
  const { folder, cache } = await place();
  await writeFile(join(folder, 'secret'), 'x');
  await symlink('secret', join(folder, 'vmlinux'));
  await keepVmlinux('a'.repeat(64), folder, '6.1', { cache });
  expect(await findVmlinux('a'.repeat(64), { cache })).toBeUndefined();
});
