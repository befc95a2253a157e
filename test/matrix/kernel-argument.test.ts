import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { kernelArgument, kernelKeys } from '../../harness/matrix/kernel-argument.ts';

const SHA256 = 'a'.repeat(64);

test('a path is an image, from the current folder, and is called by its file name', () => {
  expect(kernelArgument('arch/x86/boot/bzImage')).toEqual({
    name: 'bzImage',
    source: { kind: 'image', path: join(process.cwd(), 'arch/x86/boot/bzImage') },
  });
  expect(kernelArgument('/boot/vmlinuz-6.1.0', SHA256)).toEqual({
    name: 'vmlinuz-6.1.0',
    source: { kind: 'image', path: '/boot/vmlinuz-6.1.0', sha256: SHA256 },
  });
});

test('packages are known by their ending, in either case', () => {
  expect(kernelArgument('/k/linux.deb').source).toEqual({ kind: 'deb', location: '/k/linux.deb' });
  expect(kernelArgument('/k/kernel.RPM').source).toEqual({ kind: 'rpm', location: '/k/kernel.RPM' });
  expect(kernelArgument('/k/my.deb/vmlinuz').source.kind).toBe('image');
});

test('a URL of a package needs its sha256, and is called by its file name', () => {
  const url = 'https://archive.example/pool/linux-image.deb?mirror=2';
  expect(kernelArgument(url, SHA256)).toEqual({
    name: 'linux-image.deb',
    source: { kind: 'deb', location: url, sha256: SHA256 },
  });
  expect(() => kernelArgument(url)).toThrow(/sha256/);
});

test('debian: names a package, and a suite where one is given', () => {
  expect(kernelArgument('debian:linux-image-cloud-amd64')).toEqual({
    name: 'linux-image-cloud-amd64',
    source: { kind: 'debian', package: 'linux-image-cloud-amd64' },
  });
  expect(kernelArgument('debian:linux-image-amd64@trixie-backports')).toEqual({
    name: 'linux-image-amd64@trixie-backports',
    source: { kind: 'debian', package: 'linux-image-amd64', suite: 'trixie-backports' },
  });
});

test.each([
  ['', undefined],
  ['debian:', undefined],
  ['debian:Not A Package', undefined],
  ['debian:linux-image-amd64@', undefined],
  ['debian:linux-image-amd64@a b', undefined],
  ['https://archive.example/vmlinuz', SHA256],
  ['ftp://archive.example/linux.deb', SHA256],
  ['http://', SHA256],
  ['vmlinuz', 'abc'],
  ['debian:linux-image-amd64', SHA256],
])('%j is refused with a hint', (text, sha256) => {
  const refused = (): unknown => kernelArgument(text, sha256);
  expect(refused).toThrow(UserError);
  expect(refused).toThrow(expect.objectContaining({ hint: expect.stringContaining('debian:PACKAGE') }));
});

test('a folder with a Makefile is a kernel tree', () => {
  const tree = mkdtempSync(join(tmpdir(), 'tscmatrix-test-'));
  try {
    expect(kernelArgument(tree).source.kind).toBe('image');
    writeFileSync(join(tree, 'Makefile'), '');
    expect(kernelArgument(tree)).toMatchObject({
      name: basename(tree),
      source: { kind: 'build', tree: { kind: 'directory', path: tree }, config: { base: { kind: 'guest' } } },
    });
    expect(kernelKeys(tree)).toEqual({ source: { directory: tree } });
  } finally {
    rmSync(tree, { recursive: true });
  }
});
