// Logs of any size and packing are read to their facts; what is no text is told in one line.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { readText } from '../../harness/diagnose/read-text.ts';
import { collectLines } from '../../harness/evidence/pasted/collect.ts';

const folder = mkdtempSync(join(tmpdir(), 'read-text-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
const read = (path: string) => readText(path, { name: path });

const TEXT =
  '[    2.000000] tsc: Refined TSC clocksource calibration: 2399.998 MHz\n[    2.100000] clocksource: Switched to clocksource tsc\n';
const utf16 = Buffer.from(`\ufeff${TEXT.replaceAll('\n', '\r\n')}`, 'utf16le');

test.each<[string, string | Uint8Array]>([
  ['plain', TEXT],
  ['with a byte order mark', `\ufeff${TEXT}`],
  ['UTF-16, as PowerShell writes it', utf16],
  ['UTF-16, big end first', Buffer.from(utf16).swap16()],
  ['UTF-16 without a mark', utf16.subarray(2)],
  ['gzip', gzipSync(TEXT)],
  ['zstd', zstdCompressSync(TEXT)],
  ['UTF-16 in gzip', gzipSync(utf16)],
  ['with zero bytes, as after a power cut', Buffer.concat([Buffer.from(TEXT), Buffer.alloc(5000)])],
  ['with no line end at its end', TEXT.trimEnd()],
])('a log %s', async (name, content) => {
  const { facts } = await read(file(name, content));
  expect(facts.refined.map(({ khz }) => khz)).toEqual([2_399_998]);
  expect(facts.switches.map(({ name }) => name)).toEqual(['tsc']);
});

test.each<[string, Uint8Array, RegExp]>([
  ['xz', Buffer.from('fd377a585a000004e6d6b446', 'hex'), /is xz.*/],
  ['bzip2', Buffer.from('BZh91AY&SY'), /is bzip2/],
  ['lz4', Buffer.from('\x04"M\x18abc', 'latin1'), /is lz4/],
  ['7z', Buffer.from("7z\xbc\xaf'\x1c", 'latin1'), /is a 7z archive/],
  ['zip', Buffer.from('PK\x03\x04....'), /is a zip archive/],
  ['a journal', Buffer.from('LPKSHHRH........'), /is a journal file/],
  ['a program', Buffer.from('\x7fELF\x02\x01\x01'), /is a program/],
  ['damaged gzip', gzipSync(TEXT).subarray(0, 30), /is damaged/],
  ['nothing', Buffer.alloc(0), /is empty/],
  ['blanks', Buffer.from(' \n\t\n'), /is empty/],
])('%s is told in one line', async (name, content, message) => {
  await expect(read(file(name.replaceAll(' ', '-'), content))).rejects.toThrow(
    expect.objectContaining({ name: 'UserError', message: expect.stringMatching(message) }),
  );
});

test('a sparse file is given up early', async () => {
  const path = file('sparse', '');
  truncateSync(path, 3 * 1024 ** 3);
  await expect(read(path)).rejects.toThrow('a run of zero bytes');
});

test('a boot that is not there is refused', async () => {
  const path = file('one-boot', TEXT);
  await expect(readText(path, { name: path, boot: 2 })).rejects.toThrow('--boot 2');
});

test('of a large log the lines on clocks are kept, with their numbers and their neighbours', () => {
  const collector = collectLines();
  const noise = '[    3.000000] usb 1-1: new high-speed USB device number 2 using xhci_hcd and more\n';
  const block = Buffer.from(noise.repeat(10_000));
  collector.push(Buffer.from(TEXT));
  for (let i = 0; i < 20; i++) collector.push(block);
  collector.push(Buffer.from('[    9.000000] tsc: Marking TSC unstable due to\nclocksource watchdog\n'));
  collector.push(block);
  const { lines, omitted } = collector.end();
  expect(lines.length + omitted).toBe(2 + 21 * 10_000 + 2);
  expect(lines.length).toBeLessThan(70_000);
  expect(lines.find(({ text }) => text.includes('Marking'))?.n).toBe(200_003);
  expect(lines.find(({ text }) => text === 'clocksource watchdog')?.n).toBe(200_004);
});

test('blocks may end anywhere', () => {
  const whole = Buffer.from(`${'x\n'.repeat(50)}${TEXT}`.repeat(3));
  const once = collectLines();
  once.push(whole);
  const expected = once.end();
  for (const size of [1, 7, 64, 1000]) {
    const parts = collectLines();
    for (let at = 0; at < whole.length; at += size) parts.push(whole.subarray(at, at + size));
    expect(parts.end()).toEqual(expected);
  }
});
