// The pinned QEMU's sources from a folder of the user's: what SHA256SUMS does not vouch for is refused, and the rest is as the archive gives it.
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256OfFile } from '../../../harness/host/digest.ts';
import { readOwnFiles } from '../../../harness/image/qemu/own-files.ts';
import { makeDeb } from '../../kernel/packages.ts';
import { inScratch } from '../../kernel/tools.ts';

const SOURCE = [
  'qemu_10.0.13+ds-0+deb13u1.dsc',
  'qemu_10.0.13+ds.orig.tar.xz',
  'qemu_10.0.13+ds-0+deb13u1.debian.tar.xz',
];

async function fill(folder: string): Promise<void> {
  for (const name of SOURCE)
    await writeFile(join(folder, name), `Version: 1:10.0.13+ds-0+deb13u1\n${name}\n`);
  for (const name of ['meson', 'seabios', 'qemu-system-data']) {
    const deb = await makeDeb(folder, { [name]: name }, name);
    await rename(deb, join(folder, `${name}_1.7.0-1_all.deb`));
    await rm(join(folder, `${name}-tree`), { recursive: true });
  }
  const names = await readdir(folder);
  const sums = await Promise.all(
    names.map(async (name) => `${await sha256OfFile(join(folder, name))}  ${name}\n`),
  );
  await writeFile(join(folder, 'SHA256SUMS'), sums.join(''));
}

test('each file by its digest, in the order of the archive', () =>
  inScratch(async (folder) => {
    await fill(folder);
    const { origins, debs } = await readOwnFiles(folder);
    expect(origins.source.version).toBe('1:10.0.13+ds-0+deb13u1');
    expect(origins.source.files.map(({ name }) => name)).toEqual(SOURCE);
    expect(Object.keys(origins.packages)).toEqual(['meson', 'seabios', 'qemu-system-data']);
    expect(origins.packages.meson?.sha256).toBe(await sha256OfFile(debs.meson ?? ''));
  }));

test('a file that is missing, changed or not vouched for is named, all at once', () =>
  inScratch(async (folder) => {
    await fill(folder);
    await writeFile(join(folder, SOURCE[1] ?? ''), 'another');
    await rm(join(folder, 'meson_1.7.0-1_all.deb'));
    await writeFile(join(folder, 'qemu_11.dsc'), '');
    const refused = readOwnFiles(folder);
    await expect(refused).rejects.toThrow(/more than one file like .*dsc/);
    await expect(refused).rejects.toThrow(/no file like \^meson/);
    await expect(refused).rejects.toThrow(
      /orig\.tar\.xz has the sha256 [0-9a-f]{64}, and SHA256SUMS says [0-9a-f]{64}/,
    );
    await rm(join(folder, 'SHA256SUMS'));
    await expect(readOwnFiles(folder)).rejects.toThrow(/SHA256SUMS cannot be read/);
  }));
