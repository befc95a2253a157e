// Blobs: one file for a run, believed only as far as it can be checked.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Pack, pack } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { makeScratch, type Scratch } from '../../harness/host/scratch.ts';
import { BLOB_LIMITS, isRunFile, labelFrom } from '../../harness/record/blob/blob-format.ts';
import { readBlob } from '../../harness/record/blob/blob-read.ts';
import { writeBlob } from '../../harness/record/blob/blob-write.ts';
import { seeded } from '../support/seeded.ts';

const V1 = join(import.meta.dirname, '..', 'captures', 'records', 'v1');
const CONSOLE = 'cells/built-6.1.tcg.deterministic/boot-1/console.log';

let scratch: Scratch;
let dir: string;
let file: string;
beforeEach(async () => {
  scratch = await makeScratch();
  dir = join(scratch.path, 'run');
  file = join(scratch.path, 'a.blob');
  cpSync(V1, dir, { recursive: true });
});
afterEach(() => scratch.remove());

const nothing = async (): Promise<void> => {};
const faultOf = async (path = file, limits = BLOB_LIMITS): Promise<UserError> => {
  const error = await readBlob(path, nothing, limits).then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
};

/** A blob made by hand: what a program that wishes ill would send. */
async function forge(fill: (archive: Pack) => void, change = (tar: Buffer): Buffer => tar): Promise<void> {
  const archive = pack();
  fill(archive);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  writeFileSync(file, gzipSync(change(Buffer.concat(chunks))));
}

/** Makes the entry of this name an extended header (POSIX.1-2001 pax), with the checksum that belongs to it. */
function asExtendedHeader(tar: Buffer, name: string): Buffer {
  const at = tar.indexOf(`${name}\0`);
  tar.write('x', at + 156);
  tar.write(' '.repeat(8), at + 148);
  const sum = tar.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148);
  return tar;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const manifestOf = (files: readonly object[], part: object = {}): string =>
  JSON.stringify({ format: 'tscmatrix-blob', version: 1, label: 'a', run: 'r', files, ...part });
const LOG = { path: 'events.jsonl', size: 1, sha256: sha256('x') };

test('what was packed comes out again, byte for byte, and the same run makes the same blob', async () => {
  const written = await writeBlob(dir, file, 'amd');
  const files = new Map<string, string>();
  const read = await readBlob(file, async ({ path }, content) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk);
    files.set(path, Buffer.concat(chunks).toString('latin1'));
  });
  expect(read).toEqual(written);
  expect(read).toMatchObject({ label: 'amd', version: 1 });
  expect(files.size).toBe(17);
  for (const [path, text] of files) expect(text, path).toBe(readFileSync(join(V1, path), 'latin1'));
  await writeBlob(dir, join(scratch.path, 'b.blob'), 'amd');
  expect(readFileSync(join(scratch.path, 'b.blob')).equals(readFileSync(file))).toBe(true);
});

test('only files of a run are packed, and no link is followed', async () => {
  writeFileSync(join(dir, 'notes.txt'), 'mine');
  writeFileSync(join(dir, 'provenance.json.part'), 'half');
  mkdirSync(join(dir, 'cells', 'x', 'boot-1'), { recursive: true });
  symlinkSync('/etc/passwd', join(dir, 'cells', 'x', 'boot-1', 'console.log'));
  const { files } = await writeBlob(dir, file, 'amd');
  expect(files).toHaveLength(17);
});

test('a blob that cannot be written, or of a run that goes on, is said', async () => {
  await expect(writeBlob(dir, join(scratch.path, 'none', 'b'), 'amd')).rejects.toThrow(
    /cannot be written: ENOENT/,
  );
  await expect(writeBlob(dir, file, 'a/../b')).rejects.toThrow(/cannot be the label/);
  expect(existsSync(file)).toBe(false);
  const events = readFileSync(join(dir, 'events.jsonl'), 'utf8').trimEnd().split('\n').slice(0, -1);
  writeFileSync(join(dir, 'events.jsonl'), `${events.join('\n')}\n`);
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  const host = readFileSync('/proc/sys/kernel/hostname', 'utf8').trim();
  writeFileSync(join(dir, 'lock'), JSON.stringify({ pid: process.pid, startTicks, host }));
  await expect(writeBlob(dir, file, 'amd')).rejects.toThrow(/still going on/);
});

test('wherever a blob is cut, that is what is said of it', async () => {
  await writeBlob(dir, file, 'amd');
  const bytes = readFileSync(file);
  const random = seeded(3);
  const cuts = [0, 1, 9, 10, bytes.length - 1, bytes.length - 8, bytes.length - 9];
  for (let i = 0; i < 40; i++) cuts.push(Math.floor(random() * bytes.length));
  for (const cut of cuts) {
    writeFileSync(file, bytes.subarray(0, cut));
    expect((await faultOf()).message, `cut at ${cut}`).toMatch(/it was cut short/);
  }
});

test('a blob with a changed bit is refused', async () => {
  await writeBlob(dir, file, 'amd');
  const bytes = readFileSync(file);
  const random = seeded(4);
  for (let i = 0; i < 40; i++) {
    // After the header of gzip, whose time and system say nothing.
    const at = 10 + Math.floor(random() * (bytes.length - 10));
    const bad = Buffer.from(bytes);
    bad[at] = (bad[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    writeFileSync(file, bad);
    expect((await faultOf()).message).toContain('a.blob cannot be used as a blob');
  }
});

test.each([
  '../x',
  '/etc/passwd',
  'cells/../../x',
  'cells/../boot-1/x',
  'cells/a/boot-1/../../../../x',
  'cells/a/boot-1',
  'cells/a/boot-0/x',
  'cells/a/b/x',
  'cells/a/boot-1/.ssh',
  'cells/a\\b/boot-1/x',
  'cells/a/boot-1/x\0y',
  'cells//boot-1/x',
  './events.jsonl',
  'lock',
  'events.jsonl/x',
  // What a guest held in its memory is for the host that it ran on.
  'cells/a/boot-1/memory.dump',
])('a blob that lists %j is refused, and nothing is taken from it', async (path) => {
  expect(isRunFile(path)).toBe(false);
  await forge((archive) => {
    archive.entry({ name: 'blob.json' }, manifestOf([LOG, { path, size: 1, sha256: sha256('x') }]));
    archive.entry({ name: 'run/events.jsonl' }, 'x');
    archive.entry({ name: `run/${path.replaceAll('\0', '')}` }, 'x');
  });
  expect((await faultOf()).message).toContain('which is no file of a run');
});

test('an archive that holds anything but what it lists is refused', async () => {
  const head = (archive: Pack): void => {
    archive.entry({ name: 'blob.json' }, manifestOf([LOG]));
  };
  await forge((archive) => {
    head(archive);
    archive.entry({ name: 'run/../../outside' }, 'x');
  });
  expect((await faultOf()).message).toContain('which it does not list');
  await forge((archive) => {
    head(archive);
    archive.entry({ name: 'run/events.jsonl', type: 'symlink', linkname: '/etc/passwd' });
  });
  expect((await faultOf()).message).toContain('is no plain file');
  await forge(head);
  expect((await faultOf()).message).toContain('1 of its 1 files are missing');
  await forge((archive) => {
    head(archive);
    archive.entry({ name: 'run/events.jsonl' }, 'y');
  });
  expect((await faultOf()).message).toContain('is not what was packed');
  await forge((archive) => {
    archive.entry({ name: 'run/events.jsonl' }, 'x');
  });
  expect((await faultOf()).message).toContain('does not begin with blob.json');
  await forge(() => {});
  expect((await faultOf()).message).toContain('it is empty');
});

test.each([
  ['another format', '{"format":"zip","version":1}', /not as described: format/],
  ['no JSON', '{', /is no JSON/],
  ['a label that is a path', manifestOf([LOG], { label: '../x' }), /label/],
  ['a file twice', manifestOf([LOG, LOG]), /twice/],
  ['no log', manifestOf([]), /holds no events\.jsonl/],
  ['a negative size', manifestOf([{ ...LOG, size: -1 }]), /files\.0\.size/],
])('a manifest with %s is refused', async (_, text, pattern) => {
  await forge((archive) => {
    archive.entry({ name: 'blob.json' }, text);
  });
  expect((await faultOf()).message).toMatch(pattern);
});

test('a newer version is refused with what to do', async () => {
  await forge((archive) => {
    archive.entry({ name: 'blob.json' }, manifestOf([], { version: 2, files: 'otherwise' }));
  });
  expect(await faultOf()).toMatchObject({
    message: expect.stringContaining('a blob of version 2'),
    hint: expect.stringContaining('newer'),
  });
});

test('absurd sizes are refused before anything is unpacked', async () => {
  for (const [size, what] of [
    [2 ** 40, 'has 1099511627776 bytes'],
    [60 * 2 ** 20, 'it unpacks to'],
  ] as const) {
    const files = Array.from({ length: 50 }, (_, i) => ({ ...LOG, path: `cells/a/boot-${i + 1}/x`, size }));
    await forge((archive) => {
      archive.entry({ name: 'blob.json' }, manifestOf([LOG, ...files]));
    });
    expect((await faultOf()).message).toContain(what);
  }
  const large = Array.from({ length: 300 }, (_, i) => ({
    ...LOG,
    path: `cells/a/boot-${i + 1}/x`,
    size: 60 * 2 ** 20,
  }));
  await forge((archive) => archive.entry({ name: 'blob.json' }, manifestOf([LOG, ...large])));
  const roomy = { ...BLOB_LIMITS, ratio: 2 ** 40 };
  expect((await faultOf(file, roomy)).message).toContain('it holds 18');
  for (const [path, most] of [
    ['events.jsonl', 128],
    ['provenance.json', 8],
    ['cells/a/boot-1/x', 64],
  ] as const) {
    const files = [LOG, { ...LOG, path, size: most * 2 ** 20 + 1 }].slice(path === 'events.jsonl' ? 1 : 0);
    await forge((archive) => archive.entry({ name: 'blob.json' }, manifestOf(files)));
    expect((await faultOf(file, roomy)).message).toContain(`limit ${most * 2 ** 20}`);
  }
  await writeBlob(dir, file, 'amd');
  expect((await faultOf(file, { ...BLOB_LIMITS, files: 16 })).message).toContain('it holds 17 files');
  expect((await faultOf(file, { ...BLOB_LIMITS, totalBytes: 9999 })).message).toMatch(/it holds \d+ bytes/);
  expect((await faultOf(file, { ...BLOB_LIMITS, manifestBytes: 99 })).message).toContain(
    'more than 99 bytes',
  );
});

test('a small file that unpacks without end is stopped early', async () => {
  const zeros = Buffer.alloc(64 * 2 ** 20);
  // An end of the archive that does not end.
  await writeBlob(dir, file, 'amd');
  writeFileSync(file, Buffer.concat([readFileSync(file), gzipSync(zeros)]));
  expect((await faultOf()).message).toContain('far more than the files that it lists');
  // A header that does not end: the archive's reader would hold it in memory.
  await forge(
    (archive) => {
      archive.entry({ name: 'blob.json' }, manifestOf([LOG]));
      archive.entry({ name: 'endless' }, zeros);
    },
    (tar) => asExtendedHeader(tar, 'endless'),
  );
  expect((await faultOf()).message).toMatch(/Header exceeds max size/);
});

test('what is no blob at all is said to be none', async () => {
  for (const bytes of [Buffer.from('hello'), gzipSync('hello'), readFileSync(join(V1, CONSOLE))]) {
    writeFileSync(file, bytes);
    expect((await faultOf()).message).toMatch(
      /cannot be used as a blob: it (is damaged, or no blob|was cut short)/,
    );
  }
  expect((await faultOf(join(scratch.path, 'none'))).message).toContain('ENOENT');
  expect((await faultOf(scratch.path)).message).toContain('EISDIR');
});

test.each([
  ['ci-runner-1', 'ci-runner-1'],
  ['héte/../x', 'h-te-..-x'],
  ['---', 'host'],
  ['', 'host'],
])('the host name %j is the label %j', (name, label) => expect(labelFrom(name)).toBe(label));
