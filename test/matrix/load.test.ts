import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { loadMatrix } from '../../harness/matrix/load.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tscmatrix-load-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function loaded(bytes: string | Uint8Array): Promise<unknown> {
  const path = join(folder, 'm.yaml');
  await writeFile(path, bytes);
  return loadMatrix(path);
}

test('resolves kernel paths against the folder of the file and hashes the bytes of the file', async () => {
  const text = 'version: 1\nkernels: { a: { image: sub/../k }, b: { deb: /abs/k.deb } }\n';
  expect(await loaded(text)).toMatchObject({
    name: 'm',
    path: join(folder, 'm.yaml'),
    sha256: createHash('sha256').update(text).digest('hex'),
    kernels: [{ source: { path: join(folder, 'k') } }, { source: { kind: 'deb', location: '/abs/k.deb' } }],
  });
});

test.each([
  ['an empty file', '', 'the file is empty'],
  ['text that is not UTF-8', Uint8Array.of(0x76, 0xff, 0xfe), 'not UTF-8'],
  ['a file of more than 1 MiB', new Uint8Array(1024 * 1024 + 1).fill(0x23), 'larger than 1 MiB'],
])('refuses %s', async (_, bytes, message) => {
  await expect(loaded(bytes)).rejects.toThrow(message);
  await expect(loaded(bytes)).rejects.toBeInstanceOf(UserError);
});

test('refuses a missing file and a directory, each with a hint', async () => {
  await expect(loadMatrix(join(folder, 'none.yaml'))).rejects.toMatchObject({
    message: expect.stringContaining('no such file'),
    hint: expect.any(String),
  });
  await expect(loadMatrix(folder)).rejects.toMatchObject({
    message: expect.stringContaining('is a directory'),
  });
});

test('reads an endless file no further than it must', async () => {
  await expect(loadMatrix('/dev/zero')).rejects.toThrow('larger than 1 MiB');
});
