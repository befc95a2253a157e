import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readKernelImage } from '../../harness/kernel/bzimage.ts';
import { inScratch, type TinyKernel, tinyKernel } from './tools.ts';

async function read(bytes: Uint8Array | string) {
  return inScratch(async (folder) => {
    await writeFile(join(folder, 'image'), bytes);
    return readKernelImage(join(folder, 'image'));
  });
}

test('the header of a kernel is read', async () => {
  const image = tinyKernel();
  expect(await read(image)).toEqual({
    release: '6.1.0-test',
    version: '6.1.0-test (builder@host) #1 SMP 2026',
    protocol: 0x020f,
    is64Bit: true,
    bytes: image.length,
  });
});

test('a signature appended to the image does no harm', async () => {
  expect(await read(Buffer.concat([tinyKernel(), Buffer.alloc(1472)]))).toMatchObject({
    release: '6.1.0-test',
  });
});

test('a kernel older than the 64-bit flag is taken', async () => {
  expect(await read(tinyKernel({ protocol: 0x020a, xloadflags: 0 }))).toMatchObject({ is64Bit: undefined });
});

test('an image without a version has an unknown release', async () => {
  expect(await read(tinyKernel({ version: '' }))).toMatchObject({ release: 'unknown', version: '' });
});

test('terminal escapes in the version do not come through', async () => {
  const { version } = await read(tinyKernel({ version: '6.1\x1b[31m (x)' }));
  expect(version).toBe('6.1?[31m (x)');
});

function elf(type: number, machine: number): Buffer {
  const head = Buffer.alloc(64);
  head.write('\x7fELF\x02\x01\x01', 'latin1');
  head.writeUInt16LE(type, 16);
  head.writeUInt16LE(machine, 18);
  return head;
}

const notKernels: [string, Uint8Array | string, RegExp, RegExp?][] = [
  ['nothing', '', /it is an empty file/],
  ['vmlinux', elf(2, 62), /an ELF file of 64 bits, such as vmlinux/, /bzImage/],
  ['a module', elf(1, 62), /kernel module/],
  ['an arm64 program', elf(2, 183), /for another machine/],
  ['a gzip file', gzipSync('x'), /gzip data/, /unpack/],
  // Nothing of what it holds: a matrix can name any file.
  ['a script', '#!/bin/sh\n\x1b]0;title\n', /it is text$/],
  ['an initramfs', '070701000000', /a cpio archive/, /initramfs/],
  ['a .deb', '!<arch>\ndebian-binary   ', /a Debian package/, /deb/],
  ['noise', Buffer.alloc(1024, 0xfe), /unknown kind/],
  ['an EFI program', Buffer.concat([Buffer.from('MZ'), Buffer.alloc(1024)]), /an EFI program/],
];

test.each(notKernels)(
  '%s is not a kernel, and is called what it is',
  async (_name, bytes, message, hint = /./) => {
    const failing = read(bytes);
    await expect(failing).rejects.toMatchObject({ name: 'UserError', hint: expect.stringMatching(hint) });
    await expect(failing).rejects.toThrow(message);
  },
);

const unbootable: [string, TinyKernel, RegExp][] = [
  ['a 32-bit kernel', { xloadflags: 0 }, /is a 32-bit kernel \(6\.1\.0-test\)/],
  ['a kernel of the oldest protocol', { protocol: 0x0100 }, /before Linux 2\.4/],
];

test.each(unbootable)('%s is refused', async (_name, options, message) => {
  await expect(read(tinyKernel(options))).rejects.toThrow(message);
});

test.each([0x220, 700, 2048, 2048 + 4095])(
  'an image cut after %i bytes is called cut short',
  async (bytes) => {
    const failing = read(tinyKernel().subarray(0, bytes));
    await expect(failing).rejects.toMatchObject({ name: 'UserError' });
    await expect(failing).rejects.toThrow(/cut short/);
  },
);

test('a missing file and a directory are named', async () => {
  await inScratch(async (folder) => {
    await expect(readKernelImage(join(folder, 'none'))).rejects.toThrow(/none: no such file/);
    await mkdir(join(folder, 'tree'));
    await expect(readKernelImage(join(folder, 'tree'))).rejects.toThrow(/tree is a directory/);
    await expect(readKernelImage('/dev/null')).rejects.toThrow(/not a regular file/);
  });
});
