import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { crcWindows } from '../../harness/evidence/crc-window.ts';

test('the checksum of any run of parts is that of their text', () => {
  const parts = Array.from({ length: 120 }, (_, i) => `${'\u00e4x'.repeat(i % 37)}${i}\n`);
  const crcOf = crcWindows(parts);
  for (let from = 0; from <= parts.length; from += 7)
    for (let to = from; to <= parts.length; to += 5)
      expect(crcOf(from, to)).toBe(crc32(parts.slice(from, to).join('')));
});

test('so is that of a long run', () => {
  const parts = Array.from({ length: 5000 }, (_, i) => 'line '.repeat(i % 50));
  expect(crcWindows(parts)(17, 4711)).toBe(crc32(parts.slice(17, 4711).join('')));
});
