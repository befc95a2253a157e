import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HostFault, UserError } from '../../harness/base/errors.ts';
import { makeScratch, type Scratch } from '../../harness/host/scratch.ts';
import { isLocked } from '../../harness/record/lock.ts';
import type { RunEvent } from '../../harness/record/types.ts';
import { openRecord } from '../../harness/record/writer.ts';
import { BEGIN, SAMPLE } from './sample-run.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.remove());

const NOW = new Date('2026-01-31T23:59:59.999Z');

test('an event is one line, numbered in the order of the calls and dated', async () => {
  const writer = await openRecord(scratch.path, 'quick');
  const written = await Promise.all(SAMPLE.map((event) => writer.append(event)));
  await writer.close();
  const lines = readFileSync(join(writer.dir, 'events.jsonl'), 'utf8').split('\n');
  expect(lines.pop()).toBe('');
  expect(lines.map((line) => JSON.parse(line))).toEqual(written);
  expect(written.map((event) => event.seq)).toEqual(SAMPLE.map((_, i) => i));
  expect(written.map((event) => event.type)).toEqual(SAMPLE.map((event) => event.type));
  expect(written[0]?.at).toBe('2026-01-31T12:00:00.000Z');
  expect(written[1]?.at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test('runs of one name at one time get folders of their own, and latest is the last', async () => {
  const writers = await Promise.all([1, 2, 3].map(() => openRecord(scratch.path, 'a/b ../quick', NOW)));
  expect(writers.map((writer) => writer.run).sort()).toEqual([
    '20260131-235959-a-b-..-quick',
    '20260131-235959-a-b-..-quick-2',
    '20260131-235959-a-b-..-quick-3',
  ]);
  const last = await openRecord(scratch.path, 'z', NOW);
  expect(readlinkSync(join(scratch.path, 'latest'))).toBe(last.run);
  for (const writer of [...writers, last]) await writer.close();
});

test.each([
  '../../outside',
  '/etc/outside',
  '..',
  '.',
  '',
  '-rf',
  'latest',
  'a\0b',
  'a\nb',
  '\u001b[2J',
  'C:\\x',
  '~root',
  '$(touch x)',
  'ü'.repeat(400),
  'x'.repeat(4000),
])('the matrix name %j cannot leave the results folder', async (label) => {
  const results = join(scratch.path, 'in', 'results');
  const writer = await openRecord(results, label, NOW);
  await writer.append({ ...(BEGIN[0] as RunEvent) });
  await writer.close();
  expect(writer.run).toMatch(/^20260131-235959(-[A-Za-z0-9][A-Za-z0-9._-]*)?$/);
  expect(writer.run.length).toBeLessThan(100);
  expect(writer.dir).toBe(join(results, writer.run));
  expect(readdirSync(results).sort()).toEqual([writer.run, 'latest']);
  expect(readlinkSync(join(results, 'latest'))).toBe(writer.run);
  expect(readdirSync(scratch.path)).toEqual(['in']);
  expect(readdirSync(join(scratch.path, 'in'))).toEqual(['results']);
});

test('a run is locked while its writer is open, by a living process alone', async () => {
  const writer = await openRecord(scratch.path, 'quick');
  expect(await isLocked(writer.dir)).toBe(true);
  await writer.close();
  expect(await isLocked(writer.dir)).toBe(false);
  expect(readdirSync(writer.dir)).toEqual(['events.jsonl']);
  const own = { pid: process.pid, startTicks: 'another process', host: (await import('node:os')).hostname() };
  writeFileSync(join(writer.dir, 'lock'), JSON.stringify(own));
  expect(await isLocked(writer.dir)).toBe(false);
});

test('a boot has a folder within the run, once', async () => {
  const writer = await openRecord(scratch.path, 'quick');
  const made = await writer.folderFor('deb-6.1.hpet-on', 2);
  expect(made.folder).toBe('cells/deb-6.1.hpet-on/boot-2');
  expect(made.path).toBe(join(writer.dir, made.folder));
  writeFileSync(join(made.path, 'console.log'), 'x');
  await expect(writer.folderFor('deb-6.1.hpet-on', 2)).rejects.toMatchObject({ code: 'record-failed' });
  await writer.close();
});

test('a cell cannot lead out of the run', async () => {
  const writer = await openRecord(join(scratch.path, 'results'), 'quick');
  for (const id of ['..', '.', '', '../x', 'a/b', '/etc', 'a\0b', 'a\nb', '-rf', 'a'.repeat(300)]) {
    await expect(writer.folderFor(id, 1), id).rejects.toBeInstanceOf(HostFault);
  }
  for (const boot of [0, -1, 1.5, Number.NaN]) {
    await expect(writer.folderFor('a', boot)).rejects.toBeInstanceOf(HostFault);
  }
  mkdirSync(join(writer.dir, 'cells'));
  mkdirSync(join(scratch.path, 'outside'));
  symlinkSync(join(scratch.path, 'outside'), join(writer.dir, 'cells', 'sly'));
  await expect(writer.folderFor('sly', 1)).rejects.toBeInstanceOf(HostFault);
  expect(readdirSync(join(scratch.path, 'outside'))).toEqual([]);
  await writer.close();
});

test('a file of the run is there whole, under its own name', async () => {
  const writer = await openRecord(scratch.path, 'quick');
  await writer.writeFile('provenance.json', '{}');
  expect(readFileSync(join(writer.dir, 'provenance.json'), 'utf8')).toBe('{}');
  await expect(writer.writeFile('../x', '')).rejects.toBeInstanceOf(HostFault);
  await writer.close();
  await expect(writer.append(BEGIN[0] as never)).rejects.toMatchObject({ code: 'record-failed' });
});

test('a place that cannot hold results is the user’s error', async () => {
  const file = join(scratch.path, 'file');
  writeFileSync(file, '');
  for (const place of [file, join(file, 'below'), '/proc/results', join(scratch.path, 'n'.repeat(300))]) {
    const error = await openRecord(place, 'quick').catch((e: unknown) => e);
    expect(error, place).toBeInstanceOf(UserError);
    expect((error as UserError).message).toContain(place);
    expect((error as UserError).hint).toContain('--results');
  }
});
