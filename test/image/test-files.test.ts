// The files of a user's test: plain files of its own folder, what a program needs found by its ELF header and never by running it.
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readElf } from '../../harness/image/elf.ts';
import { readTest } from '../../harness/image/test-files.ts';
import { tinyElf } from '../fuzz/tiny-elf.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tests-'));
  await mkdir(join(root, 'm', 'suite', 'lib'), { recursive: true });
  await writeFile(join(root, 'secret.sh'), '#!/bin/sh\n');
  await writeFile(join(root, 'm', 'a.sh'), '#!/bin/sh\nexit 0\n');
  await writeFile(join(root, 'm', 'suite', 'run'), '#!/bin/sh\n. lib/x\n');
  await writeFile(join(root, 'm', 'suite', 'lib', 'x'), 'true\n');
  await writeFile(join(root, 'm', 'b.sh'), '#!/usr/bin/python3\n');
  await writeFile(join(root, 'm', 'empty'), '');
  await writeFile(join(root, 'm', 'text'), 'hello\n');
  await writeFile(join(root, 'm', 'short'), Buffer.from('7f454c4602010100', 'hex'));
  await symlink('../secret.sh', join(root, 'm', 'out.sh'));
  await symlink('a.sh', join(root, 'm', 'in.sh'));
});
afterAll(() => rm(root, { recursive: true }));

const spec = (path: string, more = {}) => ({ name: 't', path, args: [], timeoutMs: 1000, ...more });
const read = (path: string, more = {}) => readTest(spec(path, more), join(root, 'm'), '/tests/0');

test('a script, a link within the folder, a folder, a command: what is started, and its digest', async () => {
  const script = await read('a.sh', { args: ['1'] });
  expect(script.argv).toEqual(['/tests/0/a.sh', '1']);
  expect(script.entries).toMatchObject([{ path: 'tests/0/a.sh', mode: 0o755 }]);
  expect((await read('in.sh')).entries[0]).toMatchObject({ path: 'tests/0/in.sh' });
  const suite = await read('suite');
  expect(suite.argv).toEqual(['/tests/0/run']);
  expect(suite.entries).toMatchObject([
    { path: 'tests/0/lib/x', mode: 0o644 },
    { path: 'tests/0/run', mode: 0o755 },
  ]);
  const command = await readTest({ name: 't', command: 'exit 4', args: [], timeoutMs: 1 }, root, '/tests/1');
  expect(command).toMatchObject({ entries: [], argv: ['/bin/sh', '-c', 'exit 4'] });
  // Arguments, time and bytes are all part of which test ran.
  const digests = await Promise.all([
    read('a.sh'),
    read('a.sh', { args: ['1'] }),
    read('a.sh', { timeoutMs: 2 }),
  ]);
  expect(new Set(digests.map(({ sha256 }) => sha256)).size).toBe(3);
  expect((await read('a.sh')).sha256).toBe(digests[0]?.sha256);
});

test.each([
  ['out.sh', /outside the folder of its matrix/],
  ['../secret.sh', /outside the folder of its matrix/],
  ['none', /cannot be read/],
  ['b.sh', /needs \/usr\/bin\/python3/],
  ['empty', /empty file/],
  ['text', /neither an ELF program nor a script/],
  ['short', /no program for a 64-bit x86 guest/],
  ['suite/lib', /has no file run/],
])('%s is refused', async (path, message) => {
  await expect(read(path)).rejects.toThrow(message);
});

test('a pipe and a device are not read', async () => {
  await expect(readTest(spec('/dev/zero'), root, '/tests/0')).rejects.toThrow(/plain/);
});

test('ELF: what Node itself needs, and damaged headers', async () => {
  const bytes = await readFile(process.execPath);
  const needs = readElf(bytes);
  expect(needs?.interpreter).toMatch(/^\/lib.*\/ld-/);
  expect(needs?.libraries).toContain('libc.so.6');
  for (const length of [0, 3, 20, 64, 100, 200]) expect(readElf(bytes.subarray(0, length))).toBeNull();
  const wild = Buffer.from(bytes.subarray(0, 4096));
  wild.writeBigUInt64LE(2n ** 60n, 32);
  expect(readElf(wild)).toBeNull();
});

test('ELF: a file of nothing but names is no program', () => {
  const whole = { interpreter: '/lib64/ld.so', libraries: ['libc.so.6'] };
  expect(readElf(tinyElf(1))).toEqual(whole);
  expect(readElf(tinyElf(1000))?.libraries).toHaveLength(1000);
  expect(readElf(tinyElf(1001))).toBeNull();
  const endless = tinyElf(1).fill('x', 361 + 48);
  expect(readElf(Buffer.concat([endless, Buffer.alloc(8192, 'x'), Buffer.alloc(1)]))).toBeNull();
});
