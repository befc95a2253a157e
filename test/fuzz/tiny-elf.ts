/** A dynamic program of nothing but its headers, with so many DT_NEEDED, all of the name that ends the file. */
export function tinyElf(needed: number): Buffer {
  const dynamic = 16 * (needed + 2);
  const bytes = Buffer.alloc(400 + dynamic);
  bytes.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  bytes.writeUInt16LE(62, 18);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(3, 56);
  const rows = [
    [3, 240, 240, 20],
    [1, 0, 0, bytes.length],
    [2, 360, 360, dynamic],
  ] as const;
  for (const [i, [type, offset, address, size]] of rows.entries()) {
    const at = 64 + i * 56;
    bytes.writeUInt32LE(type, at);
    for (const [place, value] of [
      [8, offset],
      [16, address],
      [32, size],
    ] as const)
      bytes.writeBigUInt64LE(BigInt(value), at + place);
  }
  const words = [...Array.from({ length: needed }, () => [1, 1]).flat(), 5, 360 + dynamic, 0, 0];
  for (const [i, word] of words.entries()) bytes.writeBigUInt64LE(BigInt(word), 360 + i * 8);
  bytes.write('/lib64/ld.so', 240);
  bytes.write('libc.so.6', 361 + dynamic);
  return bytes;
}
