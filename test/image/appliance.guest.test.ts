/** The appliance: the same bytes each time, made of nothing but our files, the pinned QEMU and what that is linked with. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import { packAppliance } from '../../harness/image/appliance.ts';
import { pinnedQemu } from '../../harness/image/qemu/pinned.ts';
import { testFolder } from '../support/faulty-guest.ts';
import { BUILD_MS } from '../support/nested-boots.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test(
  'its initramfs is the same again in an empty cache, from another folder',
  async () => {
    const emulator = await pinnedQemu();
    const first = await packAppliance(emulator);

    // Our programs are compiled anew there.
    const folder = await testFolder();
    vi.stubEnv('TSCMATRIX_CACHE', folder);
    const second = await packAppliance(emulator);
    expect(second.path).toContain(folder);
    expect(second.path).not.toBe(first.path);
    expect(second.sha256).toBe(first.sha256);
    expect((await readFile(second.path)).equals(await readFile(first.path))).toBe(true);

    const { stdout } = await promisify(execFile)('sh', ['-c', 'bsdtar -tf "$1"', 'sh', second.path]);
    const libraries = emulator.libraries.map((path) => path.slice(1));
    const files = stdout.split('\n').filter((name) => /\.so|^init$|qemu-system/.test(name));
    expect(files.sort()).toEqual(['bin/qemu-system-x86_64', 'init', 'lib/kvm-exits.so', ...libraries].sort());
  },
  BUILD_MS,
);
